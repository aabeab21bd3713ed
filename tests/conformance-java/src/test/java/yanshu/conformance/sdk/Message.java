package yanshu.conformance.sdk;

import java.util.List;
import java.util.Map;

/**
 * A message as tests compare it.
 *
 * @param type the number of its type, 0 if it has none
 * @param file what a file message says about its file
 * @param own the SDK's object, for operations on the message
 */
public record Message(
    String id, String conversation, String from, long at, int type, String text, Map<String, Object> attributes, String content,
    byte[] bytes, boolean recalled, boolean mentionsMe, boolean mentionsAll, List<String> mentions, Map<String, Object> file,
    Map<String, Object> fields, long changedAt, long deliveredAt, Object own) {

  @Override
  public String toString() {
    return "message " + id + " in " + conversation + " from " + from + " at " + at + ": " + (content == null ? bytes.length + " bytes" : content);
  }
}
