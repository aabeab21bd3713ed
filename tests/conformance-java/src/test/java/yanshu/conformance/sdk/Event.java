package yanshu.conformance.sdk;

import java.util.List;
import java.util.Map;

/**
 * Something the SDK told a client. What a kind does not have is null.
 *
 * @param by who did it
 * @param members whom it concerns
 * @param number the unread count, a time in milliseconds, or the code of an end
 * @param flag whether the client is mentioned in what it did not read
 */
public record Event(Kind kind, String conversation, String by, List<String> members, Message message, long number, boolean flag, Map<String, Object> values) {
  /** The SDK's callbacks. */
  public enum Kind {
    PAUSED, RESUMED, OFFLINE,
    MESSAGE, RECEIPT, UNREAD, DELIVERED, READ, UPDATED, RECALLED,
    INVITED, KICKED, JOINED, LEFT, CHANGED, ROLE,
    SILENCED, UNSILENCED, BLOCKED, UNBLOCKED,
    MEMBERS_SILENCED, MEMBERS_UNSILENCED, MEMBERS_BLOCKED, MEMBERS_UNBLOCKED
  }

  public static Event of(Kind kind, long number) {
    return new Event(kind, null, null, null, null, number, false, null);
  }

  public static Event in(Kind kind, String conversation, String by, List<String> members) {
    return new Event(kind, conversation, by, members == null ? null : List.copyOf(members), null, 0, false, null);
  }

  public static Event with(Kind kind, Message message) {
    return new Event(kind, message.conversation(), message.from(), null, message, 0, false, null);
  }

  public static Event counting(Kind kind, String conversation, long number, boolean flag, Message last) {
    return new Event(kind, conversation, null, null, last, number, flag, null);
  }

  public static Event changing(String conversation, String by, Map<String, Object> values) {
    return new Event(Kind.CHANGED, conversation, by, null, null, 0, false, values);
  }
}
