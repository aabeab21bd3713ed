package yanshu.conformance.sdk;

/** How a client logs in. */
public record Opening(String tag, boolean reconnect) {
  public static Opening plain() {
    return new Opening(null, false);
  }

  public static Opening tagged(String tag) {
    return new Opening(tag, false);
  }

  /** As an app does that was in before and wants to stay out if another device took its place. */
  public static Opening returning(String tag) {
    return new Opening(tag, true);
  }
}
