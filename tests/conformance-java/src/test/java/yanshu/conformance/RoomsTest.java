package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static yanshu.conformance.harness.Expect.arrives;
import static yanshu.conformance.harness.Expect.fence;
import static yanshu.conformance.harness.Expect.ids;
import static yanshu.conformance.harness.Expect.refused;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.Line;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Device;
import yanshu.conformance.sdk.Draft;
import yanshu.conformance.sdk.Event.Kind;
import yanshu.conformance.sdk.Message;
import yanshu.conformance.sdk.Opening;

/** Chat rooms. */
class RoomsTest {
  @RegisterExtension
  static final World world = new World();

  // B-71 B-374 B-377 W-148
  @Test
  void whoMakesARoomIsInIt() throws Exception {
    Client tom = world.client("tom");
    Conversation room = tom.createRoom("hall", Map.of("topic", "cats"));
    assertTrue(room.isRoom());
    assertEquals(1, room.count());
    Conversation found = tom.fetch(room.id());
    assertTrue(found.isRoom());
    assertEquals("hall", found.name());
    assertEquals("cats", found.attribute("topic"));
  }

  // B-112 B-376 W-229
  @Test
  void theCountIsOfWhoIsHereNow() throws Exception {
    Conversation room = world.client("tom").createRoom("hall", null);
    Conversation there = world.client("bob").room(room.id());
    there.join();
    assertEquals(2, room.count());
    there.quit();
    assertEquals(1, room.count());
  }

  // B-387 W-153 W-154 B-386
  @Test
  void everyonePresentHearsAMessageAndWhoLeftDoesNot() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Client eve = world.client("eve");
    Conversation room = tom.createRoom("hall", null);
    bob.room(room.id()).join();
    eve.room(room.id()).join();
    eve.room(room.id()).quit();
    arrives(bob, room.send("hello all"));
    fence(tom, eve);
    assertTrue(eve.inbox().list(Kind.MESSAGE, event -> event.conversation().equals(room.id())).isEmpty());
    arrives(tom, bob.room(room.id()).send("hello tom"));
    arrives(tom, eve.room(room.id()).send("from outside"));
  }

  // B-383 W-152
  @Test
  void nobodyIsToldWhoComesAndGoes() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Conversation room = tom.createRoom("hall", null);
    bob.room(room.id()).join();
    bob.room(room.id()).quit();
    fence(bob, tom);
    assertTrue(tom.inbox().list(Kind.JOINED, event -> event.conversation().equals(room.id())).isEmpty());
    assertTrue(tom.inbox().list(Kind.LEFT, event -> event.conversation().equals(room.id())).isEmpty());
  }

  // B-378 B-393 W-149
  @Test
  void joiningAnotherRoomLeavesTheFirst() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Conversation first = tom.createRoom("first", null);
    bob.room(first.id()).join();
    assertEquals(2, first.count());
    Conversation second = bob.createRoom("second", null);
    assertEquals(1, first.count());
    assertEquals(1, second.count());
  }

  // B-312 B-313 B-394 W-339
  @Test
  void aRoomHasHistoryThatAnyoneReads() throws Exception {
    Client tom = world.client("tom");
    Conversation room = tom.createRoom("hall", null);
    Message first = room.send("one");
    room.quit();
    Message second = world.client("bob").room(room.id()).send("nobody here");
    assertEquals(ids(List.of(first, second)), ids(world.client("eve").room(room.id()).history(10)));
  }

  // B-385 W-150
  @Test
  void nobodyIsAddedToARoomOrRemovedFromIt() throws Exception {
    Conversation room = world.client("tom").createRoom("hall", null);
    refused(4314, () -> room.add(List.of("bob")));
    refused(4314, () -> room.kick(List.of("bob")));
  }

  // B-266 B-267 W-155
  @Test
  void messagesOfEveryPriorityArrive() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Conversation room = tom.createRoom("hall", null);
    bob.room(room.id()).join();
    for (Draft.Priority priority : Draft.Priority.values()) arrives(bob, room.send(Draft.text(priority.name()).priority(priority)));
  }

  // B-380 B-409 W-151
  @Test
  void aClientWhoseLineBrokeIsBackInItsRoomWithoutACall() throws Exception {
    Client tom = world.client("tom");
    Line line = world.line();
    Device phone = world.device(line);
    Client bob = phone.open(World.name("bob"), Opening.plain());
    Conversation room = tom.createRoom("hall", null);
    bob.room(room.id()).join();
    line.cut();
    phone.awaitDisconnect();
    phone.connect();
    bob.inbox().get(Kind.RESUMED);
    arrives(bob, room.send("welcome back"));
    assertEquals(2, room.count());
  }

  // B-283 B-391
  @Test
  void aRoomHasNoUnreadCount() throws Exception {
    Client tom = world.client("tom");
    String id = World.name("bob");
    Client bob = world.device().open(id, Opening.plain());
    Conversation room = tom.createRoom("hall", null);
    bob.room(room.id()).join();
    bob.close();
    room.send("missed");
    Conversation other = tom.create(List.of(id));
    other.send("counted");
    Client again = world.device().open(id, Opening.plain());
    again.inbox().get(Kind.UNREAD, event -> event.conversation().equals(other.id()));
    assertTrue(again.inbox().list(Kind.UNREAD, event -> event.conversation().equals(room.id())).isEmpty());
  }
}
