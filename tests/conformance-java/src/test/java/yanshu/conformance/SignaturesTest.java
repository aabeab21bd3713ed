package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static yanshu.conformance.harness.Expect.refused;
import static yanshu.conformance.harness.Expect.same;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.AppServer;
import yanshu.conformance.harness.Line;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Device;
import yanshu.conformance.sdk.Event.Kind;
import yanshu.conformance.sdk.Opening;
import yanshu.conformance.sdk.Signer;

/** Signatures by the app's own server: what needs one, and what the SDK shows of a refusal. */
class SignaturesTest {
  @RegisterExtension
  static final World world = new World().app("signature", Map.of("login", true, "conversation", true, "blocklist", true));

  private static Client login(Signer signer) throws Exception {
    Device phone = world.device();
    phone.signWith(signer);
    return phone.open(World.name("tom"), Opening.plain());
  }

  private static AppServer right() {
    return AppServer.of(world.server().app());
  }

  private static AppServer wrongFor(AppServer.Act act) {
    return AppServer.wrongFor(world.server().app(), act);
  }

  // B-416 B-420 W-440 W-446
  @Test
  void aSignedLoginIsLetIn() throws Exception {
    Client tom = login(right());
    assertEquals(List.of(tom.id()), tom.online(List.of(tom.id())));
  }

  // B-416 B-432 W-444
  @Test
  void aLoginWithoutASignatureOrWithAWrongOneIsRefusedWith4102() {
    refused(4102, () -> login(null));
    refused(4102, () -> login(wrongFor(AppServer.Act.LOGIN)));
  }

  // B-421 B-422 W-449
  @Test
  void makingAConversationNeedsASignatureOverItsMembers() throws Exception {
    Conversation made = login(right()).create(List.of("zoe", "adam"));
    assertEquals(3, made.count());
    Client bad = login(wrongFor(AppServer.Act.CREATE));
    refused(4302, () -> bad.create(List.of("zoe")));
  }

  // B-423 B-424 B-426 W-453
  @Test
  void joiningAddingAndRemovingAreSigned() throws Exception {
    Client tom = login(right());
    Client bob = login(right());
    Conversation made = tom.create(List.of("zoe"));
    bob.fetch(made.id()).join();
    made.add(List.of("adam"));
    made.kick(List.of("zoe"));
    same(List.of(tom.id(), bob.id(), "adam"), tom.fetch(made.id()).members());
  }

  // B-432 W-444
  @Test
  void joiningAddingAndRemovingWithAWrongSignatureAreRefusedWith4302() throws Exception {
    Client tom = login(right());
    Client bad = login(wrongFor(AppServer.Act.CHANGE));
    Conversation made = tom.create(List.of(bad.id(), "zoe"));
    Conversation there = bad.fetch(made.id());
    refused(4302, () -> there.add(List.of("adam")));
    refused(4302, () -> there.kick(List.of("zoe")));
    Conversation other = tom.create(List.of("zoe"));
    refused(4302, () -> bad.fetch(other.id()).join());
    same(List.of(tom.id(), bad.id(), "zoe"), tom.fetch(made.id()).members());
  }

  // W-453
  @Test
  void anInvitationSignsNoRemoval() throws Exception {
    Client tom = login(right().naming(action -> "invite"));
    Conversation made = tom.create(List.of("zoe"));
    made.add(List.of("adam"));
    refused(4302, () -> made.kick(List.of("zoe")));
  }

  // B-425 W-452
  @Test
  void leavingNeedsNone() throws Exception {
    Client bob = login(wrongFor(AppServer.Act.CHANGE));
    Conversation made = login(right()).create(List.of(bob.id()));
    bob.fetch(made.id()).quit();
    assertEquals(1, made.count());
  }

  // B-418 B-428 W-446
  @Test
  void blockingIsSignedInBothDirections() throws Exception {
    Conversation made = login(right()).create(List.of("zoe", "adam"));
    assertEquals(List.of("zoe"), made.block(List.of("zoe")).done());
    assertEquals(List.of("zoe"), made.unblock(List.of("zoe")).done());
  }

  // B-432 W-444
  @Test
  void blockingWithAWrongSignatureIsRefusedWith4546() throws Exception {
    Conversation made = login(wrongFor(AppServer.Act.BLOCK)).create(List.of("zoe"));
    refused(4546, () -> made.block(List.of("zoe")));
    refused(4546, () -> made.unblock(List.of("zoe")));
    assertEquals(2, made.count());
  }

  // B-17 W-117 W-445
  @Test
  void aReturnByTokenNeedsNone() throws Exception {
    Line line = world.line();
    Device phone = world.device(line);
    phone.signWith(right());
    Client tom = phone.open(World.name("tom"), Opening.plain());
    phone.signWith(null);
    line.cut();
    phone.awaitDisconnect();
    phone.connect();
    tom.inbox().get(Kind.RESUMED);
    assertEquals(List.of(tom.id()), tom.online(List.of(tom.id())));
  }
}
