package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static yanshu.conformance.harness.Expect.arrives;
import static yanshu.conformance.harness.Expect.texts;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Draft;
import yanshu.conformance.sdk.Event;
import yanshu.conformance.sdk.Event.Kind;
import yanshu.conformance.sdk.Message;
import yanshu.conformance.sdk.Opening;

/** What a client that was away is told, and marks of reading. The SDK asks for counts, never for the messages (W-20). */
class OfflineTest {
  @RegisterExtension
  static final World world = new World();

  private static Event unread(Client client, Conversation where) {
    return client.inbox().get(Kind.UNREAD, event -> event.conversation().equals(where.id()));
  }

  private static Client login(String id) throws Exception {
    return world.device().open(id, Opening.plain());
  }

  // B-273 B-285 B-288 W-289 W-310
  @Test
  void whoWasAwayIsToldCountsAndLastMessagesAndSentNone() throws Exception {
    Client tom = world.client("tom");
    String away = World.name("bob");
    Conversation first = tom.create(List.of(away));
    Conversation second = tom.create(List.of(away));
    first.send("one");
    Message last = first.send("two");
    second.send("three");
    Client bob = login(away);
    Event notice = unread(bob, first);
    assertEquals(2, notice.number());
    assertEquals(last.id(), notice.message().id());
    assertEquals("two", notice.message().text());
    assertEquals(1, unread(bob, second).number());
    assertEquals(List.of("one", "two"), texts(bob.fetch(first.id()).history(10)));
    assertTrue(bob.inbox().list(Kind.MESSAGE).isEmpty());
  }

  // B-285 B-235 W-308
  @Test
  void theNoticeSaysWhetherTheClientWasMentioned() throws Exception {
    Client tom = world.client("tom");
    String away = World.name("bob");
    Conversation loud = tom.create(List.of(away));
    Conversation quiet = tom.create(List.of(away));
    loud.send(Draft.text("@bob").mention(List.of(away)));
    loud.send("and another");
    quiet.send("nobody");
    Client bob = login(away);
    assertTrue(unread(bob, loud).flag());
    assertFalse(unread(bob, quiet).flag());
  }

  // B-290 B-276 W-288 W-308
  @Test
  void theCountStopsAt100() throws Exception {
    Client tom = world.client("tom");
    String away = World.name("bob");
    Conversation made = tom.create(List.of(away));
    for (int index = 0; index < 101; index += 1) made.sendAndForget(Draft.text("message " + index));
    made.send("the last");
    assertEquals(100, unread(login(away), made).number());
  }

  // B-291 W-309
  @Test
  void ownAndTransientMessagesDoNotCount() throws Exception {
    Client tom = world.client("tom");
    String away = World.name("bob");
    Conversation made = tom.create(List.of(away));
    Client bob = login(away);
    bob.fetch(made.id()).send("my own");
    bob.close();
    made.send(Draft.text("typing").transiently());
    made.send("counts");
    assertEquals(1, unread(login(away), made).number());
  }

  // B-289 W-316 W-317: 6.0.5 sets its own count to nothing before it asks; the other device must be told.
  @Test
  void readingOnOneDeviceIsToldToTheOther() throws Exception {
    Client tom = world.client("tom");
    String id = World.name("bob");
    Conversation made = tom.create(List.of(id));
    Message sent = made.send("unread");
    Client phone = login(id);
    Client pad = login(id);
    assertEquals(1, unread(phone, made).number());
    assertEquals(1, unread(pad, made).number());
    Conversation there = phone.fetch(made.id());
    assertEquals(sent.id(), there.history(1).get(0).id());
    there.read();
    pad.inbox().get(Kind.UNREAD, event -> event.conversation().equals(made.id()) && event.number() == 0);
  }

  // B-289 W-89
  @Test
  void whatWasReadBeforeALogoutIsNotUnreadAtTheNextLogin() throws Exception {
    Client tom = world.client("tom");
    String id = World.name("bob");
    Conversation read = tom.create(List.of(id));
    Conversation other = tom.create(List.of(id));
    read.send("read");
    other.send("unread");
    Client bob = login(id);
    unread(bob, read);
    bob.fetch(read.id()).read();
    bob.close();
    Client again = login(id);
    unread(again, other);
    assertTrue(again.inbox().list(Kind.UNREAD, event -> event.conversation().equals(read.id()) && event.number() > 0).isEmpty());
  }

  // B-286 W-312
  @Test
  void aMessageReceivedWhileOnlineIsUnreadAtTheNextLoginUnlessItWasRead() throws Exception {
    Client tom = world.client("tom");
    String id = World.name("bob");
    Client bob = login(id);
    Conversation made = tom.create(List.of(id));
    arrives(bob, made.send("seen and not read"));
    bob.close();
    assertEquals(1, unread(login(id), made).number());
  }

  // B-284
  @Test
  void whoWasRemovedMeanwhileIsToldNothingOfWhatWaited() throws Exception {
    Client tom = world.client("tom");
    String id = World.name("bob");
    Conversation left = tom.create(List.of(id));
    Conversation kept = tom.create(List.of(id));
    left.send("waits");
    kept.send("waits too");
    left.kick(List.of(id));
    Client bob = login(id);
    unread(bob, kept);
    assertTrue(bob.inbox().list(Kind.UNREAD, event -> event.conversation().equals(left.id())).isEmpty());
  }
}
