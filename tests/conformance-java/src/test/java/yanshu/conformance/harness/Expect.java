package yanshu.conformance.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.function.Executable;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Event;
import yanshu.conformance.sdk.Failure;
import yanshu.conformance.sdk.Message;

/** What tests state over and over. */
public final class Expect {
  private Expect() {}

  /** The operation is refused with this code of the protocol. */
  public static Failure refused(int code, Executable operation) {
    Failure failure = assertThrows(Failure.class, operation);
    assertEquals(code, failure.code(), failure.getMessage());
    return failure;
  }

  /** The same ids, in whatever order. */
  public static void same(List<String> wanted, List<String> found) {
    assertEquals(new HashSet<>(wanted), new HashSet<>(found));
    assertEquals(wanted.size(), found.size(), "nobody is named twice");
  }

  public static List<String> ids(List<Message> messages) {
    return messages.stream().map(Message::id).toList();
  }

  public static List<String> texts(List<Message> messages) {
    return messages.stream().map(Message::text).toList();
  }

  /** The receiver gets this message. */
  public static Message arrives(Client receiver, Message sent) {
    return receiver.inbox().get(Event.Kind.MESSAGE, event -> event.message().id().equals(sent.id())).message();
  }

  /**
   * Sends a message in a conversation of their own and waits until it is there: what was on its way to the receiver before has
   * arrived by then. So a test proves that something did not happen without waiting for it.
   */
  public static void fence(Client from, Client to) throws Failure {
    Conversation way = from.create(List.of(to.id()));
    arrives(to, way.send("fence"));
  }
}
