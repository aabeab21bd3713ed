package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static yanshu.conformance.harness.Expect.arrives;
import static yanshu.conformance.harness.Expect.ids;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.Line;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Device;
import yanshu.conformance.sdk.Event;
import yanshu.conformance.sdk.Event.Kind;
import yanshu.conformance.sdk.Failure;
import yanshu.conformance.sdk.Message;
import yanshu.conformance.sdk.Opening;

/** Losing and finding the network and the server. */
class NetworkTest {
  @RegisterExtension
  static final World world = new World().table("drain", Map.of("grace", "500ms"));

  // B-397 B-398 B-403 W-113
  @Test
  void aBrokenLineIsReportedAndTheClientReturnsByItsToken() throws Exception {
    Line line = world.line();
    Device phone = world.device(line);
    Client tom = phone.open(World.name("tom"), Opening.plain());
    Client bob = world.client("bob");
    Conversation made = bob.create(List.of(tom.id()));
    tom.inbox().get(Kind.INVITED);
    line.cut();
    tom.inbox().get(Kind.PAUSED);
    phone.awaitDisconnect();
    phone.connect();
    tom.inbox().get(Kind.RESUMED);
    arrives(tom, made.send("after the break"));
    arrives(bob, tom.fetch(made.id()).send("I am back"));
  }

  // B-409 W-64 W-84
  @Test
  void allClientsOfAConnectionComeBackWithIt() throws Exception {
    Line line = world.line();
    Device phone = world.device(line);
    Client first = phone.open(World.name("first"), Opening.plain());
    Client second = phone.open(World.name("second"), Opening.plain());
    line.cut();
    phone.awaitDisconnect();
    phone.connect();
    Client bob = world.client("bob");
    // The SDK reports only one of several returns.
    while (bob.online(List.of(first.id(), second.id())).size() < 2) Thread.onSpinWait();
    Message sent = bob.create(List.of(first.id(), second.id())).send("all here");
    arrives(first, sent);
    arrives(second, sent);
  }

  // B-401
  @Test
  void duringTheBreakASendAndAQueryEndWithAnError() throws Exception {
    Line line = world.line();
    Device phone = world.device(line);
    Client tom = phone.open(World.name("tom"), Opening.plain());
    line.sever();
    phone.awaitDisconnect();
    assertThrows(Failure.class, () -> tom.create(List.of()));
  }

  // B-206 B-415 W-291 W-308
  @Test
  void aMessageSentDuringTheBreakIsCountedAndFoundAfterIt() throws Exception {
    Line line = world.line();
    Device phone = world.device(line);
    Client tom = phone.open(World.name("tom"), Opening.plain());
    Conversation made = world.client("bob").create(List.of(tom.id()));
    tom.inbox().get(Kind.INVITED);
    line.sever();
    phone.awaitDisconnect();
    Message sent = made.send("meanwhile");
    line.restore();
    phone.connect();
    Event notice = tom.inbox().get(Kind.UNREAD, event -> event.conversation().equals(made.id()));
    assertEquals(1, notice.number());
    assertEquals(sent.id(), notice.message().id());
    assertEquals(List.of(sent.id()), ids(tom.fetch(made.id()).history(10)));
  }

  // B-411 B-412 W-119 W-50 W-51: told to go elsewhere, the SDK asks the router until there is a server again.
  @Test
  void aClientReturnsByItselfWhenTheServerIsRestarted() throws Exception {
    Device phone = world.device();
    Device pad = world.device();
    Kept kept = new Kept(phone, pad);
    world.server().stop();
    world.server().start();
    kept.isAllThere();
  }

  // B-188 B-316 W-119
  @Test
  void aClientIsInAgainByItsTokenAfterTheServerWasKilled() throws Exception {
    Device phone = world.device();
    Device pad = world.device();
    Kept kept = new Kept(phone, pad);
    world.server().kill();
    phone.awaitDisconnect();
    pad.awaitDisconnect();
    world.server().start();
    phone.connect();
    pad.connect();
    kept.isAllThere();
  }

  /** Two clients and what they have before the server ends. */
  private static final class Kept {
    private final Client tom;
    private final Client bob;
    private final Conversation made;
    private final Message before;

    Kept(Device phone, Device pad) throws Failure {
      tom = phone.open(World.name("tom"), Opening.plain());
      bob = pad.open(World.name("bob"), Opening.plain());
      made = bob.create(List.of(tom.id()), "kept", Map.of("colour", "red"), false);
      before = made.send("before");
      arrives(tom, before);
    }

    void isAllThere() throws Failure {
      tom.inbox().get(Kind.RESUMED);
      bob.inbox().get(Kind.RESUMED);
      // After goaway the SDK opens each client twice; an answer to a question comes when both are done.
      assertEquals(List.of(tom.id()), bob.online(List.of(tom.id())));
      assertEquals(List.of(bob.id()), tom.online(List.of(bob.id())));
      Message after = made.send("after");
      arrives(tom, after);
      Conversation there = tom.fetch(made.id());
      assertEquals("kept", there.name());
      assertEquals("red", there.attribute("colour"));
      assertEquals(List.of(before.id(), after.id()), ids(there.history(10)));
    }
  }

  // W-118 W-113 W-457: the answer to the reopening has no serial id; the SDK then logs in anew.
  @Test
  void aTokenThatTheServerDoesNotKnowLeadsToANewLogin() throws Exception {
    Device phone = world.device();
    Client tom = phone.open(World.name("tom"), Opening.plain());
    world.server().kill();
    phone.awaitDisconnect();
    world.server().forget();
    world.server().start();
    phone.connect();
    Client bob = world.client("bob");
    while (bob.online(List.of(tom.id())).isEmpty()) Thread.onSpinWait();
    arrives(tom, bob.create(List.of(tom.id())).send("hello"));
  }
}
