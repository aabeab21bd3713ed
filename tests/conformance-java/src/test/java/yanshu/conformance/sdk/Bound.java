package yanshu.conformance.sdk;

/** One end of a stretch of history: a message, and whether it belongs to the stretch. */
public record Bound(String id, long at, boolean closed) {
  public static Bound at(Message message) {
    return new Bound(message.id(), message.at(), true);
  }

  public static Bound beside(Message message) {
    return new Bound(message.id(), message.at(), false);
  }

  /** A moment instead of a message. */
  public static Bound time(long at) {
    return new Bound(null, at, true);
  }
}
