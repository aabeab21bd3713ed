package yanshu.conformance.sdk;

import java.util.List;
import java.util.Map;

/** A message to be sent, and how. */
public final class Draft {
  /** The SDK's message classes; {@code STICKER} is one that the app adds to them. */
  public enum Kind { RAW, BINARY, TEXT, IMAGE, AUDIO, VIDEO, FILE, LOCATION, STICKER }

  /** As the SDK's own, in its order of urgency. */
  public enum Priority { HIGH, NORMAL, LOW }

  public final Kind kind;
  public final Object body;
  public Map<String, Object> attributes;
  public Map<String, Object> meta = Map.of();
  public String caption;
  public List<String> mentions;
  public boolean mentionsAll;
  public boolean isTransient;
  public boolean wantsReceipt;
  public boolean isWill;
  public Priority priority;
  public Map<String, Object> push;

  private Draft(Kind kind, Object body) {
    this.kind = kind;
    this.body = body;
  }

  public static Draft text(String text) {
    return new Draft(Kind.TEXT, text);
  }

  public static Draft raw(String content) {
    return new Draft(Kind.RAW, content);
  }

  public static Draft bytes(byte[] bytes) {
    return new Draft(Kind.BINARY, bytes);
  }

  /** A file message of this kind that names its file by an address; {@code meta} as the app knows it. */
  public static Draft file(Kind kind, String url, Map<String, Object> meta) {
    Draft draft = new Draft(kind, url);
    draft.meta = meta;
    return draft;
  }

  public static Draft location(double latitude, double longitude) {
    return new Draft(Kind.LOCATION, new Search.Point(latitude, longitude));
  }

  public static Draft sticker(String ecode) {
    return new Draft(Kind.STICKER, ecode);
  }

  public Draft attributes(Map<String, Object> values) {
    attributes = values;
    return this;
  }

  public Draft caption(String text) {
    caption = text;
    return this;
  }

  public Draft mention(List<String> ids) {
    mentions = ids;
    return this;
  }

  public Draft mentionAll() {
    mentionsAll = true;
    return this;
  }

  public Draft transiently() {
    isTransient = true;
    return this;
  }

  public Draft withReceipt() {
    wantsReceipt = true;
    return this;
  }

  public Draft asWill() {
    isWill = true;
    return this;
  }

  public Draft priority(Priority urgency) {
    priority = urgency;
    return this;
  }

  public Draft push(Map<String, Object> data) {
    push = data;
    return this;
  }
}
