package yanshu.conformance.sdk;

/** The times up to which others received and read a conversation, in milliseconds; 0 for never. */
public record Receipts(long deliveredAt, long readAt) {}
