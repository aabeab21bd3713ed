package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static yanshu.conformance.harness.Expect.arrives;
import static yanshu.conformance.harness.Expect.refused;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.Line;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Device;
import yanshu.conformance.sdk.Event.Kind;
import yanshu.conformance.sdk.Message;
import yanshu.conformance.sdk.Opening;

/** Logging in and out, client ids, devices, tags, session tokens, who is online. */
class SessionsTest {
  @RegisterExtension
  static final World world = new World();

  // B-9 W-107 W-133
  @Test
  void aClientLogsInWithAnIdAloneAndIsOnline() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    assertEquals(List.of(tom.id()), bob.online(List.of(tom.id())));
  }

  // W-63: 6.0.5 names its app in the push login only, which comes after this open.
  @Test
  void aClientThatIsOpenedBeforeTheSdksOwnLoginIsLetIn() throws Exception {
    Client tom = world.device(world.line()).openAtOnce(World.name("tom"));
    assertEquals(List.of(tom.id()), tom.online(List.of(tom.id())));
  }

  // B-35 B-37 W-133
  @Test
  void whoIsOnlineComesInTheOrderAsked() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    assertEquals(List.of(bob.id(), tom.id()), tom.online(List.of(bob.id(), World.name("never"), tom.id())));
  }

  // W-133
  @Test
  void anAnswerComesWhenNobodyIsOnline() throws Exception {
    assertEquals(List.of(), world.client("tom").online(List.of(World.name("nobody"))));
  }

  // B-36 W-133
  @Test
  void idsAfterTheTwentiethAreIgnored() throws Exception {
    Client tom = world.client("tom");
    List<String> ids = new ArrayList<>();
    for (int index = 0; index < 20; index += 1) ids.add("nobody-" + index);
    ids.add(tom.id());
    assertEquals(List.of(), tom.online(ids));
    assertEquals(List.of(tom.id()), tom.online(ids.subList(1, 21)));
  }

  // B-2 W-92 W-141
  @Test
  void anIdOf64CharactersIsGoodAndOneOf65IsRefusedWith4103() throws Exception {
    world.device().open("x".repeat(64), Opening.plain());
    refused(4103, () -> world.device().open("x".repeat(65), Opening.plain()));
  }

  // B-3 B-4 W-93
  @Test
  void anIdOfAnyCharactersComesBackAsItWas() throws Exception {
    Client odd = world.client("1 <b>&\"'\\ü😀唯一");
    Client bob = world.client("bob");
    Conversation made = bob.create(List.of(odd.id()));
    assertEquals(bob.id(), odd.inbox().get(Kind.INVITED).by());
    assertEquals(odd.id(), arrives(bob, odd.fetch(made.id()).send("hello")).from());
  }

  // B-18 B-38 W-134 W-135
  @Test
  void afterALogoutTheClientIsOfflineAtOnce() throws Exception {
    Device phone = world.device();
    Client tom = phone.open(World.name("tom"), Opening.plain());
    Client bob = world.client("bob");
    tom.close();
    assertEquals(List.of(), bob.online(List.of(tom.id())));
    assertTrue(tom.inbox().list(Kind.OFFLINE).isEmpty(), "a logout is no forced end");
    Client again = phone.open(tom.id(), Opening.plain());
    assertEquals(List.of(tom.id()), again.online(List.of(tom.id())));
  }

  // W-64 W-65 W-66 B-12
  @Test
  void severalClientsOfOneProcessEachGetTheirOwn() throws Exception {
    Device phone = world.device();
    Client first = phone.open(World.name("first"), Opening.plain());
    // As long as it is alone, the SDK leaves its id out of what it sends.
    Conversation early = first.create(List.of());
    Client second = phone.open(World.name("second"), Opening.plain());
    Client bob = world.client("bob");
    Conversation made = bob.create(List.of(first.id(), second.id()));
    Message sent = made.send("to both");
    arrives(first, sent);
    arrives(second, sent);
    assertEquals(second.id(), arrives(first, second.fetch(made.id()).send("from beside")).from());
    assertEquals(1, early.count());
    refused(4317, () -> second.fetch(early.id()).add(List.of(bob.id())));
  }

  // B-23 B-24 B-208 W-129 W-259 W-284
  @Test
  void oneIdOnTwoDevicesIsInStep() throws Exception {
    String id = World.name("tom");
    Client phone = world.device().open(id, Opening.plain());
    Client pad = world.device().open(id, Opening.plain());
    Client bob = world.client("bob");
    Conversation made = bob.create(List.of(id));
    assertEquals(bob.id(), phone.inbox().get(Kind.INVITED).by());
    assertEquals(bob.id(), pad.inbox().get(Kind.INVITED).by());
    Message sent = phone.fetch(made.id()).send("from the phone");
    assertEquals(id, arrives(pad, sent).from());
    arrives(phone, made.send("fence"));
    assertEquals(1, phone.inbox().list(Kind.MESSAGE).size(), "a device is not told what it sent itself");
  }

  // B-28 B-29 W-122 W-138
  @Test
  void theSameTagOnASecondDeviceEndsTheFirstWith4111() throws Exception {
    String id = World.name("tom");
    Client phone = world.device().open(id, Opening.tagged("mobile"));
    Client other = world.device().open(id, Opening.tagged("mobile"));
    assertEquals(4111, phone.inbox().get(Kind.OFFLINE).number());
    assertFalse(phone.isOpen());
    assertEquals(List.of(id), other.online(List.of(id)));
  }

  // B-30 W-129
  @Test
  void differentTagsLiveSideBySide() throws Exception {
    String id = World.name("tom");
    Client phone = world.device().open(id, Opening.tagged("mobile"));
    Client web = world.device().open(id, Opening.tagged("web"));
    Message sent = world.client("bob").create(List.of(id)).send("to both");
    arrives(phone, sent);
    arrives(web, sent);
  }

  // W-127 B-34
  @Test
  void theSameDeviceWithTheSameTagReplacesItselfInSilence() throws Exception {
    Line line = world.line();
    Device phone = world.device(line);
    Client tom = phone.open(World.name("tom"), Opening.tagged("mobile"));
    line.cut();
    phone.awaitDisconnect();
    Client again = phone.open(tom.id(), Opening.tagged("mobile"));
    assertEquals(List.of(tom.id()), again.online(List.of(tom.id())));
    assertTrue(tom.inbox().list(Kind.OFFLINE).isEmpty());
  }

  // B-32 W-123 W-125 W-126
  @Test
  void aDisplacedDeviceThatWantsToReturnIsRefusedWith4111() throws Exception {
    String id = World.name("tom");
    Device old = world.device();
    Client displaced = old.open(id, Opening.tagged("mobile"));
    Client holder = world.device().open(id, Opening.tagged("mobile"));
    displaced.inbox().get(Kind.OFFLINE);
    // When another client is in, the SDK has put the displaced one away.
    old.open(World.name("other"), Opening.plain());
    refused(4111, () -> old.open(id, Opening.returning("mobile")));
    assertEquals(List.of(id), holder.online(List.of(id)));
    assertTrue(holder.inbox().list(Kind.OFFLINE).isEmpty());
  }

  // W-113 W-458 W-126 W-96: the reopening has neither serial id nor tag.
  @Test
  void aDeviceWhoseTagWasTakenWhileItWasAwayIsTold4111OnItsReturn() throws Exception {
    String id = World.name("tom");
    Line line = world.line();
    Device away = world.device(line);
    Client tom = away.open(id, Opening.tagged("mobile"));
    line.sever();
    away.awaitDisconnect();
    world.device().open(id, Opening.tagged("mobile"));
    line.restore();
    away.connect();
    assertEquals(4111, tom.inbox().get(Kind.OFFLINE).number());
  }

  // W-130 W-131 W-132 W-120
  @Test
  void aTokenIsRenewedOnAnOpenSession() throws Exception {
    Line line = world.line();
    Device phone = world.device(line);
    Client tom = phone.open(World.name("tom"), Opening.plain());
    tom.renewToken();
    line.cut();
    phone.awaitDisconnect();
    phone.connect();
    tom.inbox().get(Kind.RESUMED);
    assertEquals(List.of(tom.id()), tom.online(List.of(tom.id())));
  }

  // W-121: the SDK throws the token away as well, so a later login is a new one.
  @Test
  void afterALogoutALineThatBreaksBringsNobodyBack() throws Exception {
    Line line = world.line();
    Device phone = world.device(line);
    Client tom = phone.open(World.name("tom"), Opening.plain());
    Client other = phone.open(World.name("other"), Opening.plain());
    tom.close();
    line.cut();
    phone.awaitDisconnect();
    phone.connect();
    other.inbox().get(Kind.RESUMED);
    assertEquals(List.of(other.id()), other.online(List.of(tom.id(), other.id())));
  }
}
