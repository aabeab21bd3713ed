package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.Line;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Device;
import yanshu.conformance.sdk.Event.Kind;
import yanshu.conformance.sdk.Opening;

/** Clients that the app takes offline. */
class KicksTest {
  @RegisterExtension
  static final World world = new World();

  private static void kick(Client client) throws Exception {
    assertEquals(200, world.server().rest("POST", "/1.2/rtm/clients/" + client.id() + "/kick", "{\"reason\":\"time to sleep\"}").statusCode());
  }

  // B-41 W-138 R-119
  @Test
  void aKickedClientIsTold4115AndIsOffline() throws Exception {
    Client tom = world.device().open(World.name("tom"), Opening.plain());
    Client bob = world.client("bob");
    kick(tom);
    assertEquals(4115, tom.inbox().get(Kind.OFFLINE).number());
    assertFalse(tom.isOpen());
    assertEquals(List.of(), bob.online(List.of(tom.id())));
  }

  // B-41
  @Test
  void allDevicesOfTheClientGoAndNobodyElse() throws Exception {
    String id = World.name("tom");
    Device phone = world.device();
    Client here = phone.open(id, Opening.plain());
    Client neighbour = phone.open(World.name("neighbour"), Opening.plain());
    Client there = world.device().open(id, Opening.plain());
    kick(here);
    assertEquals(4115, here.inbox().get(Kind.OFFLINE).number());
    assertEquals(4115, there.inbox().get(Kind.OFFLINE).number());
    assertEquals(List.of(neighbour.id()), neighbour.online(List.of(id, neighbour.id())));
    assertTrue(phone.isConnected());
  }

  // B-41 B-410 W-121 W-458: the reopening has no serial id.
  @Test
  void aClientThatWasKickedWhileItWasAwayIsTold4115OnItsReturn() throws Exception {
    Line line = world.line();
    Device phone = world.device(line);
    Client tom = phone.open(World.name("tom"), Opening.plain());
    line.sever();
    phone.awaitDisconnect();
    Client bob = world.client("bob");
    while (!bob.online(List.of(tom.id())).isEmpty()) Thread.onSpinWait();
    kick(tom);
    line.restore();
    phone.connect();
    assertEquals(4115, tom.inbox().get(Kind.OFFLINE).number());
    assertEquals(List.of(), bob.online(List.of(tom.id())));
  }

  // B-41
  @Test
  void theUserMayLogInAnew() throws Exception {
    Device phone = world.device();
    Client tom = phone.open(World.name("tom"), Opening.plain());
    kick(tom);
    tom.inbox().get(Kind.OFFLINE);
    // When another client is in, the SDK has put the kicked one away.
    phone.open(World.name("other"), Opening.plain());
    Client again = phone.open(tom.id(), Opening.plain());
    assertEquals(List.of(tom.id()), again.online(List.of(tom.id())));
  }
}
