package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.Certificate;
import yanshu.conformance.harness.Line;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Device;
import yanshu.conformance.sdk.Opening;

/** How the SDK finds the server. */
class DiscoveryTest {
  private static void isIn(Device device) throws Exception {
    Client tom = device.open(World.name("tom"), Opening.plain());
    assertEquals(List.of(tom.id()), tom.online(List.of(tom.id())));
  }

  @Nested
  class WithoutTls {
    @RegisterExtension
    static final World world = new World();

    // W-1 W-2 W-3 W-7
    @Test
    void theSdkAsksTheRouterAtTheServersAddress() throws Exception {
      isIn(world.device());
    }

    // W-13
    @Test
    void theSdkConnectsToAWebSocketAddressItIsGiven() throws Exception {
      isIn(world.device(world.line()));
    }
  }

  @Nested
  class BehindTls {
    @RegisterExtension
    static final World world = new World().table("route", Map.of("insecure", false));

    // W-6 W-16
    @Test
    void theSdkIsSentFromHttpsToWss() throws Exception {
      Line line = world.keep(Line.secured(Certificate.own(), world.server()));
      isIn(world.deviceAt("https://127.0.0.1:" + line.port()));
    }
  }
}
