package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static yanshu.conformance.harness.Expect.ids;
import static yanshu.conformance.harness.Expect.refused;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Bound;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Draft;
import yanshu.conformance.sdk.Message;

/** Reading old messages. */
class HistoryTest {
  @RegisterExtension
  static final World world = new World();

  private static List<Message> fill(Conversation made, int count) throws Exception {
    List<Message> sent = new ArrayList<>();
    for (int index = 0; index < count; index += 1) sent.add(made.send("message " + index));
    return sent;
  }

  // B-296 W-324 W-325
  @Test
  void theLatestMessagesComeInAscendingTime() throws Exception {
    Conversation made = world.client("tom").create(List.of());
    List<Message> sent = fill(made, 12);
    assertEquals(ids(sent.subList(2, 12)), ids(made.history(10)));
    assertEquals(ids(sent), ids(made.history(1000)));
  }

  // B-299 B-300 W-328 W-329
  @Test
  void pagesBeforeAMessageHaveNoneTwiceAndMissNone() throws Exception {
    Conversation made = world.client("tom").create(List.of());
    List<Message> sent = fill(made, 25);
    List<Message> read = new ArrayList<>(made.history(10));
    for (List<Message> page = made.historyBefore(read.get(0), 10); !page.isEmpty(); page = made.historyBefore(read.get(0), 10)) read.addAll(0, page);
    assertEquals(ids(sent), ids(read));
  }

  // B-301 W-328
  @Test
  void aTimeWithoutAnIdGivesWhatIsEarlier() throws Exception {
    Conversation made = world.client("tom").create(List.of());
    List<Message> sent = fill(made, 5);
    assertEquals(ids(sent.subList(0, 3)), ids(made.history(new Bound(null, sent.get(3).at(), false), null, false, 10)));
  }

  // B-303 W-327
  @Test
  void forwardInTimeFromTheBeginningAndFromAMessage() throws Exception {
    Conversation made = world.client("tom").create(List.of());
    List<Message> sent = fill(made, 6);
    assertEquals(ids(sent.subList(0, 4)), ids(made.history(null, null, true, 4)));
    assertEquals(ids(sent.subList(3, 6)), ids(made.history(Bound.beside(sent.get(2)), null, true, 4)));
    assertEquals(ids(sent.subList(2, 6)), ids(made.history(Bound.at(sent.get(2)), null, true, 4)));
  }

  // B-304 B-306 B-307 W-328
  @Test
  void betweenTwoMessagesWithEachEndTakenInOrLeftOut() throws Exception {
    Conversation made = world.client("tom").create(List.of());
    List<Message> sent = fill(made, 6);
    Message from = sent.get(4);
    Message to = sent.get(1);
    assertEquals(ids(sent.subList(1, 5)), ids(made.history(Bound.at(from), Bound.at(to), false, 10)));
    assertEquals(ids(sent.subList(2, 5)), ids(made.history(Bound.at(from), Bound.beside(to), false, 10)));
    assertEquals(ids(sent.subList(1, 4)), ids(made.history(Bound.beside(from), Bound.at(to), false, 10)));
    assertEquals(ids(sent.subList(2, 4)), ids(made.history(Bound.beside(from), Bound.beside(to), false, 10)));
    assertEquals(ids(sent.subList(2, 4)), ids(made.history(Bound.beside(to), Bound.beside(from), true, 10)));
  }

  // B-308 W-332
  @Test
  void oneTypeOnlyTheNumberCountsWhatFits() throws Exception {
    Conversation made = world.client("tom").create(List.of());
    List<Message> places = new ArrayList<>();
    for (int index = 0; index < 4; index += 1) {
      places.add(made.send(Draft.location(index, index)));
      made.send("noise");
      made.send(Draft.sticker("noise"));
    }
    assertEquals(ids(places.subList(1, 4)), ids(made.historyOfType(-5, 3)));
    assertEquals(4, made.historyOfType(123, 100).size());
  }

  // B-102 B-295 B-310
  @Test
  void whoJoinsLateReadsEverything() throws Exception {
    Client tom = world.client("tom");
    Client bob = world.client("bob");
    Conversation made = tom.create(List.of());
    List<Message> sent = fill(made, 3);
    Conversation there = bob.fetch(made.id());
    there.join();
    assertEquals(ids(sent), ids(there.history(10)));
  }

  // B-311 W-339
  @Test
  void aStrangerIsRefusedWith4312() throws Exception {
    Conversation made = world.client("tom").create(List.of());
    made.send("private");
    Conversation there = world.client("eve").fetch(made.id());
    refused(4312, () -> there.history(10));
  }

  // B-170 W-336
  @Test
  void historyOfNothingIsEmpty() throws Exception {
    Conversation made = world.client("tom").create(List.of());
    assertEquals(List.of(), made.history(10));
    assertFalse(made.isRoom());
  }
}
