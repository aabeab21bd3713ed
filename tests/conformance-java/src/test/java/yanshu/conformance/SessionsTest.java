package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;

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
}
