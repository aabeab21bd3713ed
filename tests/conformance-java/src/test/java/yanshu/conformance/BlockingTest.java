package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static yanshu.conformance.harness.Expect.arrives;
import static yanshu.conformance.harness.Expect.fence;
import static yanshu.conformance.harness.Expect.refused;
import static yanshu.conformance.harness.Expect.same;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Event;
import yanshu.conformance.sdk.Event.Kind;

/** Clients that a conversation keeps out. */
class BlockingTest {
  @Nested
  class Allowed {
    @RegisterExtension
    static final World world = new World().app("members", Map.of("max_blocked", 30));

    // B-134 W-363 W-366
    @Test
    void whoIsBlockedIsOutAndStaysOut() throws Exception {
      Client tom = world.client("tom");
      Client bob = world.client("bob");
      Conversation made = tom.create(List.of(bob.id()));
      Conversation there = bob.fetch(made.id());
      assertEquals(List.of(bob.id()), made.block(List.of(bob.id())).done());
      refused(4548, () -> there.send("hello?"));
      made.send("without bob");
      fence(tom, bob);
      assertTrue(bob.inbox().list(Kind.MESSAGE, event -> event.conversation().equals(made.id())).isEmpty());
      // 6.0.5 does not look at partial refusals when it joins or adds.
      there.join();
      made.add(List.of(bob.id()));
      same(List.of(tom.id()), tom.fetch(made.id()).members());
    }

    // B-137 W-364
    @Test
    void blockingIsToldToTheBlockedOneAndToThoseWhoStay() throws Exception {
      Client tom = world.client("tom");
      Client bob = world.client("bob");
      Client eve = world.client("eve");
      Conversation made = tom.create(List.of(bob.id(), eve.id()));
      made.block(List.of(bob.id()));
      assertEquals(tom.id(), bob.inbox().get(Kind.BLOCKED).by());
      assertEquals(tom.id(), bob.inbox().get(Kind.KICKED).by());
      Event told = eve.inbox().get(Kind.MEMBERS_BLOCKED);
      assertEquals(List.of(bob.id()), told.members());
      assertEquals(tom.id(), told.by());
      assertEquals(List.of(bob.id()), eve.inbox().get(Kind.LEFT).members());
    }

    // B-134 W-365
    @Test
    void whoIsNoLongerBlockedIsToldSoAndMayJoin() throws Exception {
      Client tom = world.client("tom");
      Client bob = world.client("bob");
      Client eve = world.client("eve");
      Conversation made = tom.create(List.of(eve.id()));
      made.block(List.of(bob.id()));
      assertEquals(List.of(bob.id()), made.unblock(List.of(bob.id())).done());
      assertEquals(tom.id(), bob.inbox().get(Kind.UNBLOCKED).by());
      assertEquals(List.of(bob.id()), eve.inbox().get(Kind.MEMBERS_UNBLOCKED).members());
      same(List.of(tom.id(), eve.id()), tom.fetch(made.id()).members());
      bob.fetch(made.id()).join();
      arrives(bob, made.send("welcome"));
    }

    // B-138 B-130 W-367 W-250
    @Test
    void theListComesInPages() throws Exception {
      Conversation made = world.client("tom").create(List.of());
      List<String> all = IntStream.range(0, 25).mapToObj(index -> "guest-%02d".formatted(index)).toList();
      made.block(all);
      List<String> read = new ArrayList<>();
      for (List<String> page = made.blocked(0, 10); !page.isEmpty(); page = made.blocked(read.size(), 10)) read.addAll(page);
      assertEquals(all, read);
    }

    // W-369
    @Test
    void aStrangerMayNeitherBlockNorSeeWhoIs() throws Exception {
      Client eve = world.client("eve");
      Conversation there = eve.fetch(world.client("tom").create(List.of("bob")).id());
      refused(4317, () -> there.block(List.of("bob")));
      refused(4317, () -> there.blocked(0, 10));
    }

    // B-139 W-369
    @Test
    void aFullListTakesNobody() throws Exception {
      Conversation made = world.client("tom").create(List.of());
      made.block(IntStream.range(0, 30).mapToObj(index -> "guest-" + index).toList());
      refused(4543, () -> made.block(List.of("one-more")));
    }

    // B-396 W-370
    @Test
    void blockingTakesAClientOutOfAChatRoomWhichItCannotEnterAgain() throws Exception {
      Client tom = world.client("tom");
      Client bob = world.client("bob");
      Conversation room = tom.createRoom("hall", null);
      Conversation there = bob.room(room.id());
      there.join();
      assertEquals(2, room.count());
      room.block(List.of(bob.id()));
      assertEquals(room.id(), bob.inbox().get(Kind.BLOCKED).conversation());
      assertEquals(1, room.count());
      there.join();
      assertEquals(1, room.count());
      refused(4548, () -> there.send("hello?"));
    }
  }

  @Nested
  class SwitchedOff {
    @RegisterExtension
    static final World world = new World().app("members", Map.of("blocklist", false));

    // W-369 B-512
    @Test
    void thereAreNoBlockLists() throws Exception {
      Conversation made = world.client("tom").create(List.of("bob"));
      refused(4544, () -> made.block(List.of("bob")));
      refused(4544, () -> made.blocked(0, 10));
    }
  }
}
