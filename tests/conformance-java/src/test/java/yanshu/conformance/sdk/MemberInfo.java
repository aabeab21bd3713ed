package yanshu.conformance.sdk;

/** A member's role in a conversation, in the SDK's words. */
public record MemberInfo(String conversation, String member, String role) {}
