package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static yanshu.conformance.harness.Expect.arrives;
import static yanshu.conformance.harness.Expect.fence;
import static yanshu.conformance.harness.Expect.ids;
import static yanshu.conformance.harness.Expect.refused;

import java.util.ArrayList;
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
import yanshu.conformance.sdk.Message;

/** Members and guests of chat rooms who may not speak. */
class SilencingTest {
  @RegisterExtension
  static final World world = new World().app("members", Map.of("max_silenced", 30));

  // B-126 B-127 B-128 W-245 W-247
  @Test
  void whoIsSilencedCannotSpeakAndAllTheRestIsAsBefore() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Conversation made = tom.create(List.of(bob.id()));
    Conversation there = bob.fetch(made.id());
    List<String> targets = List.of(bob.id(), World.name("guest"));
    assertEquals(targets, made.silence(targets).done());
    refused(4563, () -> there.send("hello?"));
    Message sent = made.send("quiet, isn't it");
    arrives(bob, sent);
    assertEquals(ids(List.of(sent)), ids(there.history(10)));
    assertEquals(List.of(bob.id()), made.unsilence(List.of(bob.id())).done());
    arrives(tom, there.send("at last"));
  }

  // B-129 W-246: the SDK takes itself out of what the group is told.
  @Test
  void theSilencedOneIsToldItselfAndTheOthersWhoItIs() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Client eve = world.client("eve");
    Conversation made = tom.create(List.of(bob.id(), eve.id()));
    made.silence(List.of(bob.id()));
    assertEquals(tom.id(), bob.inbox().get(Kind.SILENCED).by());
    Event told = eve.inbox().get(Kind.MEMBERS_SILENCED);
    assertEquals(List.of(bob.id()), told.members());
    assertEquals(tom.id(), told.by());
    made.unsilence(List.of(bob.id()));
    assertEquals(made.id(), bob.inbox().get(Kind.UNSILENCED).conversation());
    assertEquals(List.of(bob.id()), eve.inbox().get(Kind.MEMBERS_UNSILENCED).members());
    fence(tom, bob);
    assertTrue(bob.inbox().list(Kind.MEMBERS_SILENCED).isEmpty());
  }

  // W-253 W-369
  @Test
  void aStrangerMayNeitherSilenceNorSeeWhoIs() throws Exception {
    Client eve = world.client("eve");
    Conversation there = eve.fetch(world.client("tom").create(List.of("bob")).id());
    refused(4317, () -> there.silence(List.of("bob")));
    refused(4317, () -> there.silenced(0, 10));
  }

  // B-130 W-249 W-250: 6.0.5 sends an offset of its own.
  @Test
  void theListComesInPages() throws Exception {
    Conversation made = world.client("tom").create(List.of());
    List<String> all = IntStream.range(0, 25).mapToObj(index -> "guest-%02d".formatted(index)).toList();
    made.silence(all);
    List<String> read = new ArrayList<>();
    for (List<String> page = made.silenced(0, 10); !page.isEmpty(); page = made.silenced(read.size(), 10)) read.addAll(page);
    assertEquals(all, read);
    assertEquals(all, made.silenced(0, 100));
  }

  // B-131 W-252
  @Test
  void aFullListTakesNobody() throws Exception {
    Conversation made = world.client("tom").create(List.of());
    made.silence(IntStream.range(0, 30).mapToObj(index -> "guest-" + index).toList());
    refused(4561, () -> made.silence(List.of("one-more")));
    assertEquals(30, made.silenced(0, 100).size());
  }

  // B-396 W-248
  @Test
  void anyoneCanBeSilencedInAChatRoom() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Conversation room = tom.createRoom("hall", null);
    Conversation there = bob.room(room.id());
    there.join();
    room.silence(List.of(bob.id()));
    assertEquals(room.id(), bob.inbox().get(Kind.SILENCED).conversation());
    refused(4563, () -> there.send("hello?"));
    room.unsilence(List.of(bob.id()));
    arrives(tom, there.send("at last"));
  }
}
