package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static yanshu.conformance.harness.Expect.same;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Message;
import yanshu.conformance.sdk.Search;

/** Finding conversations by every condition that the SDK's query has. */
class QueriesTest {
  @RegisterExtension
  static final World world = new World();

  private Client tom;

  /** Ids by name, of four conversations that differ in everything that can be asked for. */
  private final Map<String, String> made = new HashMap<>();

  @BeforeEach
  void fourConversations() throws Exception {
    tom = world.client("tom");
    make("red", Map.of("level", 1, "tags", List.of("a", "b"), "place", point(0, 0), "title", "Hello World"));
    make("green", Map.of("level", 2, "tags", List.of("b", "c"), "place", point(0, 1), "title", "hello moon"));
    make("blue", Map.of("level", 3, "tags", List.of("c"), "place", point(60, 100), "title", "Goodbye World", "extra", true));
    make("black", Map.of("level", 4, "tags", List.of(), "title", "猫和老鼠"));
  }

  private void make(String name, Map<String, Object> attributes) throws Exception {
    made.put(name, tom.create(List.of("friend-of-" + name, "friend"), name, attributes, false).id());
  }

  private static Map<String, Object> point(double latitude, double longitude) {
    return Map.of("__type", "GeoPoint", "latitude", latitude, "longitude", longitude);
  }

  private List<String> names(List<Conversation> found) {
    return found.stream().map(Conversation::name).toList();
  }

  /** What is found among the four, in whatever order. */
  private void finds(List<String> names, UnaryOperator<Search> condition) throws Exception {
    same(names, names(tom.find(search -> condition.apply(search.whereEqualTo("c", tom.id())))));
  }

  // B-324 W-184 B-341
  @Test
  void withoutAConditionTheClientsOwnAreFound() throws Exception {
    same(List.of("red", "green", "blue", "black"), names(tom.find(search -> search)));
  }

  // B-343 B-344
  @Test
  void equalAndNotEqual() throws Exception {
    finds(List.of("red"), search -> search.whereEqualTo("name", "red"));
    finds(List.of("green"), search -> search.whereEqualTo("attr.level", 2));
    finds(List.of("green", "blue", "black"), search -> search.whereNotEqualsTo("attr.level", 1));
  }

  // B-345
  @Test
  void lessAndGreater() throws Exception {
    finds(List.of("red"), search -> search.whereLessThan("attr.level", 2));
    finds(List.of("red", "green"), search -> search.whereLessThanOrEqualsTo("attr.level", 2));
    finds(List.of("black"), search -> search.whereGreaterThan("attr.level", 3));
    finds(List.of("blue", "black"), search -> search.whereGreaterThanOrEqualsTo("attr.level", 3));
    finds(List.of("green", "blue"), search -> search.whereGreaterThan("attr.level", 1).whereLessThan("attr.level", 4));
  }

  // B-350 B-351 B-352
  @Test
  void amongSomeValuesAndNoneOfThem() throws Exception {
    finds(List.of("red", "blue"), search -> search.whereContainsIn("attr.level", List.of(1, 3, 7)));
    finds(List.of("green", "black"), search -> search.whereNotContainsIn("attr.level", List.of(1, 3, 7)));
    finds(List.of("red"), search -> search.whereContainsAll("attr.tags", List.of("a", "b")));
    finds(List.of("red", "green"), search -> search.whereSizeEqual("attr.tags", 2));
  }

  // B-349
  @Test
  void presentAndAbsent() throws Exception {
    finds(List.of("blue"), search -> search.whereExists("attr.extra"));
    finds(List.of("red", "green", "black"), search -> search.whereDoesNotExist("attr.extra"));
  }

  // B-355 B-356 B-357
  @Test
  void partsOfAText() throws Exception {
    finds(List.of("red", "blue"), search -> search.whereContains("attr.title", "World"));
    finds(List.of("red"), search -> search.whereStartsWith("attr.title", "Hello"));
    finds(List.of("green"), search -> search.whereEndsWith("attr.title", "moon"));
    finds(List.of("black"), search -> search.whereContains("attr.title", "老鼠"));
    finds(List.of("red"), search -> search.whereMatches("attr.title", "^H.*d$"));
    finds(List.of("red", "green"), search -> search.whereMatches("attr.title", "^hello", "i"));
  }

  // B-364 W-186
  @Test
  void nearAPointAndInsideABox() throws Exception {
    Search.Point here = new Search.Point(0, 0.1);
    assertEquals(
        List.of("red", "green", "blue"), names(tom.find(search -> search.whereEqualTo("c", tom.id()).whereNear("attr.place", here))));
    finds(List.of("red", "green"), search -> search.whereWithinKilometers("attr.place", here, 200));
    finds(List.of("green"), search -> search.whereWithinGeoBox("attr.place", new Search.Point(-1, 0.5), new Search.Point(1, 1.5)));
  }

  // B-354 B-351
  @Test
  void byMembers() throws Exception {
    finds(List.of("red"), search -> search.containsMembers(List.of("friend-of-red", "friend")));
    finds(List.of("green"), search -> search.withMembers(List.of("friend-of-green", "friend"), true));
    finds(List.of(), search -> search.withMembers(List.of("friend-of-green"), true));
  }

  // B-363
  @Test
  void oneOfSeveralQueries() throws Exception {
    same(List.of("red", "black"), names(tom.findAny(List.of(
        search -> search.whereEqualTo("c", tom.id()).whereEqualTo("name", "red"),
        search -> search.whereEqualTo("c", tom.id()).whereGreaterThan("attr.level", 3)))));
  }

  // B-329 B-330 B-331 W-190 W-191
  @Test
  void sortedAndInPages() throws Exception {
    UnaryOperator<Search> mine = search -> search.whereEqualTo("c", tom.id());
    assertEquals(List.of("black", "blue"), names(tom.find(search -> mine.apply(search).orderByDescending("attr.level").limit(2))));
    assertEquals(List.of("green", "red"), names(tom.find(search -> mine.apply(search).orderByDescending("attr.level").skip(2).limit(2))));
    assertEquals(List.of("black", "blue", "green", "red"), names(tom.find(search -> mine.apply(search).orderByAscending("name"))));
  }

  // B-332 W-190
  @Test
  void sortedByOneFieldAndThenAnother() throws Exception {
    tom.create(List.of(), "red", Map.of("level", 9), false);
    List<Conversation> found = tom.find(search -> search.whereEqualTo("c", tom.id()).orderByAscending("name").addDescendingOrder("attr.level"));
    assertEquals(List.of("black", "blue", "green", "red", "red"), names(found));
    assertEquals(9, found.get(3).attribute("level"));
  }

  // B-326 W-190
  @Test
  void newestActivityFirst() throws Exception {
    tom.fetch(made.get("red")).send("wake up");
    assertEquals("red", tom.find(search -> search).get(0).name());
  }

  // B-337 B-248 W-192 W-195
  @Test
  void withTheLastMessageIfAskedFor() throws Exception {
    Message sent = tom.fetch(made.get("red")).send("the last");
    Client bob = world.client("bob");
    tom.fetch(made.get("red")).add(List.of(bob.id()));
    Conversation with = bob.find(search -> search.whereEqualTo("objectId", made.get("red")).setWithLastMessagesRefreshed(true)).get(0);
    assertNotNull(with.lastMessage());
    assertEquals(sent.id(), with.lastMessage().id());
    assertEquals("the last", with.lastMessage().text());
    Client eve = world.client("eve");
    tom.fetch(made.get("red")).add(List.of(eve.id()));
    assertNull(eve.find(search -> search.whereEqualTo("objectId", made.get("red"))).get(0).lastMessage());
  }

  // B-322 W-411
  @Test
  void anUnknownIdGivesNoneAndNoError() throws Exception {
    assertTrue(tom.find(search -> search.whereEqualTo("objectId", "5a0000000000000000000000")).isEmpty());
  }

  // B-325 B-328 W-185 B-392
  @Test
  void aQueryForRoomsFindsRooms() throws Exception {
    Conversation room = tom.createRoom("red", null);
    assertEquals(List.of(room.id()), tom.findRooms(search -> search.whereEqualTo("c", tom.id())).stream().map(Conversation::id).toList());
  }
}
