package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static yanshu.conformance.harness.Expect.refused;
import static yanshu.conformance.harness.Expect.same;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Event;
import yanshu.conformance.sdk.Event.Kind;
import yanshu.conformance.sdk.Failure;
import yanshu.conformance.sdk.MemberInfo;
import yanshu.conformance.sdk.Outcome;

/** Owner, manager, member: who may do what to whom. */
class RolesTest {
  @Nested
  class Ruled {
    @RegisterExtension
    static final World world = new World().app("members", Map.of("roles", true, "max_managers", 2));

    /** Tom is the owner, max a manager, bob a plain member. */
    private final class Hierarchy {
      private final Client tom = world.client("tom");
      private final Client max = world.client("max");
      private final Client bob = world.client("bob");
      private final Conversation made = tom.create(List.of(max.id(), bob.id()));
      private final Conversation ofMax = max.fetch(made.id());
      private final Conversation ofBob = bob.fetch(made.id());

      Hierarchy() throws Failure {
        made.setRole(max.id(), "Manager");
        max.inbox().get(Kind.ROLE);
      }
    }

    // B-119 B-122 W-236 W-237 W-238
    @Test
    void aChangeOfRoleIsToldToAll() throws Exception {
      Hierarchy here = new Hierarchy();
      for (Client client : List.of(here.tom, here.max, here.bob)) {
        Event told = client.inbox().get(Kind.ROLE, event -> event.conversation().equals(here.made.id()));
        assertEquals(List.of(here.max.id()), told.members());
        assertEquals("Manager", told.values().get("role"));
        assertEquals(here.tom.id(), told.by());
      }
      here.made.setRole(here.max.id(), "Member");
      here.bob.inbox().get(Kind.ROLE, event -> "Member".equals(event.values().get("role")));
    }

    // B-116 B-123 W-388 W-389 W-464
    @Test
    void rolesAreReadByEveryMember() throws Exception {
      Hierarchy here = new Hierarchy();
      MemberInfo manager = new MemberInfo(here.made.id(), here.max.id(), "Manager");
      assertEquals(List.of(manager), here.ofBob.memberInfos(0, 10));
      assertEquals(List.of(manager), here.ofBob.memberInfo(here.max.id()));
      assertEquals(List.of(), here.ofBob.memberInfo(here.bob.id()));
    }

    // B-117 B-118 W-239 W-240
    @Test
    void aPlainMemberMayDoNothingToOthers() throws Exception {
      Hierarchy here = new Hierarchy();
      List<String> max = List.of(here.max.id());
      refused(4320, () -> here.ofBob.add(List.of(World.name("friend"))));
      refused(4320, () -> here.ofBob.kick(max));
      refused(4320, () -> here.ofBob.silence(max));
      refused(4320, () -> here.ofBob.unsilence(max));
      refused(4320, () -> here.ofBob.block(max));
      refused(4320, () -> here.ofBob.unblock(max));
      refused(4320, () -> here.ofBob.setRole(here.bob.id(), "Manager"));
      here.ofBob.send("but I may speak");
      same(List.of(here.tom.id(), here.max.id(), here.bob.id()), here.tom.fetch(here.made.id()).members());
    }

    // B-117 W-239
    @Test
    void aManagerMayAddRemoveSilenceAndBlock() throws Exception {
      Hierarchy here = new Hierarchy();
      List<String> friend = List.of(World.name("friend"));
      here.ofMax.add(friend);
      assertEquals(friend, here.ofMax.silence(friend).done());
      assertEquals(friend, here.ofMax.unsilence(friend).done());
      here.ofMax.setRole(friend.get(0), "Manager");
      here.made.setRole(friend.get(0), "Member");
      here.ofMax.kick(friend);
      assertEquals(friend, here.ofMax.block(friend).done());
      assertEquals(friend, here.ofMax.unblock(friend).done());
    }

    // B-119 W-239 W-461
    @Test
    void aManagerHasNoPowerOverTheOwner() throws Exception {
      Hierarchy here = new Hierarchy();
      Outcome outcome = here.ofMax.silence(List.of(here.tom.id(), here.bob.id()));
      assertEquals(List.of(here.bob.id()), outcome.done());
      assertEquals(List.of(4324), outcome.refused().stream().map(Outcome.Refusal::code).toList());
      assertEquals(List.of(here.tom.id()), outcome.refused().get(0).members());
    }

    // B-120 W-241: 6.0.5 does not look at partial refusals when it leaves or removes.
    @Test
    void theOwnerStaysWhateverItTries() throws Exception {
      Hierarchy here = new Hierarchy();
      here.made.quit();
      here.ofMax.kick(List.of(here.tom.id(), here.bob.id()));
      same(List.of(here.tom.id(), here.max.id()), here.max.fetch(here.made.id()).members());
    }

    // W-242
    @Test
    void oneManagerTooManyIsRefusedWith4322() throws Exception {
      Hierarchy here = new Hierarchy();
      here.made.setRole(here.bob.id(), "Manager");
      List<String> friend = List.of(World.name("friend"));
      here.made.add(friend);
      refused(4322, () -> here.made.setRole(friend.get(0), "Manager"));
    }
  }

  @Nested
  class Equal {
    @RegisterExtension
    static final World world = new World();

    // B-124 W-243
    @Test
    void whileRolesAreOffAChangeOfRoleIsRefusedWith4325() throws Exception {
      Client tom = world.client("tom");
      Conversation made = tom.create(List.of("bob"));
      refused(4325, () -> made.setRole("bob", "Manager"));
      made.quit();
    }
  }
}
