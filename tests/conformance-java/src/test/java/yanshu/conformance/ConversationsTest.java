package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static yanshu.conformance.harness.Expect.arrives;
import static yanshu.conformance.harness.Expect.fence;
import static yanshu.conformance.harness.Expect.refused;
import static yanshu.conformance.harness.Expect.same;
import static yanshu.conformance.sdk.Conversation.operation;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Event;
import yanshu.conformance.sdk.Event.Kind;

/** Making conversations, their members, their attributes. */
class ConversationsTest {
  @RegisterExtension
  static final World world = new World();

  /** An event of this kind in this conversation. */
  private static Event told(Client client, Kind kind, Conversation where) {
    return client.inbox().get(kind, event -> event.conversation().equals(where.id()));
  }

  private static List<Event> toldSoFar(Client client, Kind kind, Conversation where) {
    return client.inbox().list(kind, event -> event.conversation().equals(where.id()));
  }

  // B-61 B-62 B-64 W-143 W-171 W-174
  @Test
  void aConversationIsFoundByItsIdWithWhatItWasGiven() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Conversation made = tom.create(List.of(bob.id(), tom.id()), "猫和老鼠", Map.of("colour", "red", "level", 3), false);
    Conversation found = bob.fetch(made.id());
    assertEquals("猫和老鼠", found.name());
    assertEquals(tom.id(), found.creator());
    same(List.of(tom.id(), bob.id()), found.members());
    assertEquals("red", found.attribute("colour"));
    assertEquals(3, found.attribute("level"));
    assertEquals(made.createdAt(), found.createdAt());
    assertFalse(found.isRoom());
    assertFalse(found.isTemporary());
  }

  // B-66 B-67 W-176 W-412
  @Test
  void aUniqueConversationIsFoundAgainByItsMembersAndAnotherIsNot() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Conversation first = tom.create(List.of(bob.id()), "one", null, true);
    assertEquals(first.id(), bob.create(List.of(tom.id()), "two", null, true).id());
    assertNotEquals(first.id(), tom.create(List.of(bob.id())).id());
  }

  // B-65 W-180 W-182 W-86
  @Test
  void creationTellsTheOthersThatTheyWereInvitedAndWhoJoined() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Conversation made = tom.create(List.of(bob.id()));
    assertEquals(tom.id(), told(bob, Kind.INVITED, made).by());
    Event joined = told(bob, Kind.JOINED, made);
    assertEquals(tom.id(), joined.by());
    same(List.of(tom.id(), bob.id()), joined.members());
  }

  // B-95 W-209
  @Test
  void whoIsAddedIsInvitedAndAllAreTold() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Client eve = world.client("eve");
    Conversation made = tom.create(List.of(bob.id()));
    made.add(List.of(eve.id()));
    assertEquals(tom.id(), told(eve, Kind.INVITED, made).by());
    Event joined = bob.inbox().get(Kind.JOINED, event -> event.members().equals(List.of(eve.id())));
    assertEquals(made.id(), joined.conversation());
    assertEquals(tom.id(), joined.by());
    same(List.of(tom.id(), bob.id(), eve.id()), bob.fetch(made.id()).members());
  }

  // B-86 B-95 W-202
  @Test
  void whoJoinsIsInAndTheOthersAreTold() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Conversation made = tom.create(List.of());
    bob.fetch(made.id()).join();
    Event joined = tom.inbox().get(Kind.JOINED, event -> event.members().equals(List.of(bob.id())));
    assertEquals(made.id(), joined.conversation());
    assertEquals(bob.id(), joined.by());
    arrives(bob, made.send("welcome"));
  }

  // B-88 B-95 W-210
  @Test
  void anyMemberRemovesAnyOtherWhenThereAreNoRoles() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Client eve = world.client("eve");
    Conversation made = tom.create(List.of(bob.id(), eve.id()));
    bob.fetch(made.id()).kick(List.of(eve.id()));
    assertEquals(bob.id(), told(eve, Kind.KICKED, made).by());
    Event left = told(tom, Kind.LEFT, made);
    assertEquals(List.of(eve.id()), left.members());
    assertEquals(bob.id(), left.by());
    refused(4401, () -> eve.fetch(made.id()).send("still here?"));
  }

  // B-93 W-210
  @Test
  void whoLeavesIsOutAndTheOthersAreTold() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Conversation made = tom.create(List.of(bob.id()));
    Conversation there = bob.fetch(made.id());
    there.quit();
    Event left = told(tom, Kind.LEFT, made);
    assertEquals(List.of(bob.id()), left.members());
    refused(4401, () -> there.send("still here?"));
    made.send("alone");
    fence(tom, bob);
    assertTrue(toldSoFar(bob, Kind.MESSAGE, made).isEmpty());
  }

  // B-89 W-207 W-208
  @Test
  void aStrangerWhoAddsOrRemovesOthersIsRefusedWith4317() throws Exception {
    Client tom = world.client("tom");
    Client eve = world.client("eve");
    Conversation there = eve.fetch(tom.create(List.of()).id());
    refused(4317, () -> there.add(List.of(World.name("friend"))));
    refused(4317, () -> there.kick(List.of(tom.id())));
  }

  // W-170 B-187
  @Test
  void anIdThatIsNoConversationIsRefusedWith4303AndForAMessageWith4401() throws Exception {
    Client tom = world.client("tom");
    Conversation nowhere = tom.service("5a0000000000000000000000");
    refused(4303, nowhere::join);
    refused(4303, nowhere::count);
    refused(4401, () -> nowhere.send("hello"));
  }

  // B-72 B-90 W-145
  @Test
  void theFiveHundredthMemberIsGoodAndOneMoreIsRefusedWith4304() throws Exception {
    Client tom = world.client("tom");
    List<String> crowd = IntStream.rangeClosed(1, 499).mapToObj(index -> "crowd-" + index).toList();
    Conversation made = tom.create(crowd);
    assertEquals(500, made.count());
    refused(4304, () -> made.add(List.of(World.name("one-more"))));
    assertEquals(500, made.count());
  }

  // W-183
  @Test
  void aMemberIdThatIsTooLongIsRefusedWith4301() throws Exception {
    Client tom = world.client("tom");
    refused(4301, () -> tom.create(List.of("x".repeat(65))));
  }

  // B-111 W-229
  @Test
  void theMemberCountIsLive() throws Exception {
    Client tom = world.client("tom");
    Conversation made = tom.create(List.of("a", "b"));
    assertEquals(3, made.count());
    made.kick(List.of("a"));
    assertEquals(2, made.count());
  }

  // B-76 B-77 B-79 B-80 W-219 W-222: 6.0.5 hands out the request, not the new values.
  @Test
  void aNewNameIsTakenAndToldToTheOthers() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Conversation made = tom.create(List.of(bob.id()), "old", Map.of("colour", "red", "level", 1), false);
    bob.inbox().get(Kind.JOINED);
    made.name("new").attribute("colour", "blue").save();
    Event changed = told(bob, Kind.CHANGED, made);
    assertEquals(tom.id(), changed.by());
    assertEquals("new", changed.values().get("name"));
    assertEquals("blue", changed.values().get("attr.colour"));
    Conversation there = bob.fetch(made.id());
    assertEquals("new", there.name());
    assertEquals("blue", there.attribute("colour"));
    assertEquals(1, there.attribute("level"));
  }

  // B-58 B-59 B-78 W-215 W-216
  @Test
  void operationsChangeAValueWhereItIs() throws Exception {
    Client tom = world.client("tom");
    Conversation made = tom.create(List.of(), null, Map.of("level", 1, "gone", true, "tags", List.of("a")), false);
    made.property("attr.level", operation("Increment", "amount", 4)).save();
    made.property("attr.gone", operation("Delete", null, null)).save();
    made.property("attr.tags", operation("AddUnique", "objects", List.of("a", "b"))).save();
    made.property("pinned", true).save();
    Conversation there = tom.fetch(made.id());
    assertEquals(5, there.attribute("level"));
    assertNull(there.attribute("gone"));
    assertEquals(List.of("a", "b"), there.attribute("tags"));
    assertEquals(true, there.property("pinned"));
    made.property("attr.tags", operation("Remove", "objects", List.of("a"))).save();
    made.property("attr.tags", operation("Add", "objects", List.of("b"))).save();
    there.refresh();
    assertEquals(List.of("b", "b"), there.attribute("tags"));
  }

  // B-76 W-218
  @Test
  void aStrangerChangesNothing() throws Exception {
    Client tom = world.client("tom");
    Client eve = world.client("eve");
    Conversation made = tom.create(List.of(), "mine", null, false);
    refused(4309, () -> eve.fetch(made.id()).name("yours").save());
    assertEquals("mine", tom.fetch(made.id()).name());
  }

  // B-82 W-217
  @Test
  void whatBelongsToTheServerIsNotChanged() throws Exception {
    Client tom = world.client("tom");
    Client eve = world.client("eve");
    Conversation made = tom.create(List.of());
    try {
      made.property("c", eve.id()).property("colour", "red").save();
    } catch (yanshu.conformance.sdk.Failure refusal) {
      // Refused or ignored: what counts is that it has no effect.
    }
    assertEquals(tom.id(), tom.fetch(made.id()).creator());
  }

  // B-104 B-105 B-108 W-225 W-226
  @Test
  void mutingIsKeptAndMessagesArriveAllTheSame() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Conversation made = tom.create(List.of(bob.id()));
    Conversation there = bob.fetch(made.id());
    there.mute();
    there.refresh();
    assertEquals(List.of(bob.id()), there.property("mu"));
    arrives(bob, made.send("all the same"));
    there.unmute();
    there.refresh();
    assertNull(there.property("mu"), "the last one is out");
  }

  // W-228
  @Test
  void aStrangerCannotMute() throws Exception {
    Client tom = world.client("tom");
    Client eve = world.client("eve");
    refused(4317, eve.fetch(tom.create(List.of()).id())::mute);
  }

  // B-155 W-163 W-164 W-165 W-185
  @Test
  void aTemporaryConversationLivesAsLongAsItWasGiven() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    long before = System.currentTimeMillis() / 1000;
    Conversation made = tom.createTemporary(List.of(bob.id()), 3600);
    assertTrue(made.isTemporary());
    assertTrue(made.id().startsWith("_tmp:"));
    assertTrue(Math.abs(made.expiresAt() - before - 3600) < 60, () -> made.expiresAt() + " is an hour after " + before);
    arrives(bob, made.send("for now"));
    Conversation there = bob.fetch(made.id());
    assertTrue(there.isTemporary());
    assertEquals(tom.id(), there.creator());
    arrives(tom, there.send("for now too"));
    assertEquals(2, there.history(10).size());
  }

  // B-161 W-165: 9100 is what the SDK itself says when a fetch finds nothing.
  @Test
  void anExpiredTemporaryConversationIsGone() throws Exception {
    Client tom = world.client("tom");
    Conversation made = tom.createTemporary(List.of("b"), 1);
    long end = System.nanoTime() + 10_000_000_000L;
    while (System.nanoTime() < end) {
      try {
        tom.fetch(made.id());
      } catch (yanshu.conformance.sdk.Failure gone) {
        assertEquals(9100, gone.code());
        refused(4303, () -> made.send("too late"));
        return;
      }
    }
    throw new AssertionError("it is still there");
  }

  // B-158 W-166
  @Test
  void aTemporaryConversationTakesNoChanges() throws Exception {
    Client tom = world.client("tom");
    Conversation made = tom.createTemporary(List.of("b"), 3600);
    refused(4314, () -> made.add(List.of("c")));
    refused(4314, () -> made.name("new").save());
  }
}
