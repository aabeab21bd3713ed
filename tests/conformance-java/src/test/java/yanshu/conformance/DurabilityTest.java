package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Device;
import yanshu.conformance.sdk.Failure;
import yanshu.conformance.sdk.Message;
import yanshu.conformance.sdk.Opening;

/** kill -9 while messages are being sent: what was acknowledged is there, once, in order. */
class DurabilityTest {
  private static final int ROUNDS = 3;
  private static final int MESSAGES_A_ROUND = 60;

  @RegisterExtension
  static final World world = new World();

  // B-188 B-316 W-267 W-337
  @Test
  void afterAKillUnderLoadEveryAcknowledgedMessageIsInHistoryOnceAndInOrder() throws Exception {
    String id = World.name("tom");
    String conversation = null;
    List<Message> acknowledged = Collections.synchronizedList(new ArrayList<>());
    for (int round = 0; round < ROUNDS; round += 1) {
      Device phone = world.device();
      Client tom = phone.open(id, Opening.plain());
      Conversation made = conversation == null ? tom.create(List.of()) : tom.fetch(conversation);
      conversation = made.id();
      CountDownLatch enough = new CountDownLatch(MESSAGES_A_ROUND);
      String label = "round " + round + " message ";
      Thread sender = new Thread(() -> {
        try {
          for (int index = 0; ; index += 1) {
            acknowledged.add(made.send(label + index));
            enough.countDown();
          }
        } catch (Failure | AssertionError died) {
          // The server was killed: this is how a sender learns of it, or it waits in vain.
        }
      });
      sender.setDaemon(true);
      sender.start();
      enough.await();
      world.server().kill();
      // What was acknowledged has been noted when the SDK knows of the end.
      phone.awaitDisconnect();
      world.server().start();
    }

    Conversation made = world.device().open(id, Opening.plain()).fetch(conversation);
    List<Message> kept = made.history(1000);
    List<String> ids = kept.stream().map(Message::id).toList();
    assertEquals(ids.size(), new HashSet<>(ids).size(), "no message is there twice");
    int place = -1;
    for (Message sent : acknowledged) {
      int found = ids.indexOf(sent.id());
      assertTrue(found > place, () -> sent.text() + " is missing or out of order");
      assertEquals(sent.at(), kept.get(found).at());
      assertEquals(sent.text(), kept.get(found).text());
      place = found;
    }
  }
}
