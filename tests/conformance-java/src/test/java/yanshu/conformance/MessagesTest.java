package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static yanshu.conformance.harness.Expect.arrives;
import static yanshu.conformance.harness.Expect.fence;
import static yanshu.conformance.harness.Expect.ids;
import static yanshu.conformance.harness.Expect.refused;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.Line;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Device;
import yanshu.conformance.sdk.Draft;
import yanshu.conformance.sdk.Event;
import yanshu.conformance.sdk.Event.Kind;
import yanshu.conformance.sdk.Message;
import yanshu.conformance.sdk.Opening;
import yanshu.conformance.sdk.Receipts;

/** Sending and receiving: every type, receipts, mentions, wills, edits and recalls. */
class MessagesTest {
  private static final String URL = "https://files.example.com/cat.bin";

  @RegisterExtension
  static final World world = new World();

  private static Client tom() throws Exception {
    return world.client("tom");
  }

  private static Client bob() throws Exception {
    return world.client("bob");
  }

  // B-61 B-188 W-263 W-283
  @Test
  void aTextReachesTheOtherWithTheSendersIdAndTime() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Message sent = tom.create(List.of(bob.id())).send("耗子,起床!");
    Message received = arrives(bob, sent);
    assertEquals("耗子,起床!", received.text());
    assertEquals(-1, received.type());
    assertEquals(tom.id(), received.from());
    assertEquals(sent.at(), received.at());
  }

  // B-179
  @Test
  void attributesOfEveryKindArriveWithTheirTypes() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Map<String, Object> attributes = Map.of("a", 1, "b", "two", "c", true, "d", List.of(1, 2), "e", Map.of("f", 1.5));
    Message received = arrives(bob, tom.create(List.of(bob.id())).send(Draft.text("look").attributes(attributes)));
    assertEquals(1, received.attributes().get("a"));
    assertEquals("two", received.attributes().get("b"));
    assertEquals(true, received.attributes().get("c"));
    assertEquals(List.of(1, 2), received.attributes().get("d"));
    assertEquals(1.5, ((Number) ((Map<?, ?>) received.attributes().get("e")).get("f")).doubleValue());
  }

  // B-165 B-168 B-181
  @Test
  void anImageNamesItsFileByAnAddress() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Draft image = Draft.file(Draft.Kind.IMAGE, URL, Map.of("width", 640, "height", 480, "size", 9000)).caption("a cat").attributes(Map.of("n", 1));
    Message received = arrives(bob, tom.create(List.of(bob.id())).send(image));
    assertEquals(-2, received.type());
    assertEquals(URL, received.file().get("url"));
    assertEquals("a cat", received.text());
    assertEquals(1, received.attributes().get("n"));
    assertEquals(640, received.fields().get("width"));
    assertEquals(480, received.fields().get("height"));
  }

  // B-165 B-168
  @Test
  void anAudioMessageKeepsItsLength() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Draft audio = Draft.file(Draft.Kind.AUDIO, URL, Map.of("duration", 2.5, "size", 9000));
    Message received = arrives(bob, tom.create(List.of(bob.id())).send(audio));
    assertEquals(-3, received.type());
    assertEquals(URL, received.file().get("url"));
    assertEquals(2.5, received.fields().get("duration"));
  }

  // B-165 B-168
  @Test
  void aVideoMessageKeepsItsLength() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Draft video = Draft.file(Draft.Kind.VIDEO, URL, Map.of("duration", 12.5, "size", 9000));
    Message received = arrives(bob, tom.create(List.of(bob.id())).send(video));
    assertEquals(-4, received.type());
    assertEquals(12.5, received.fields().get("duration"));
  }

  // B-165 B-168
  @Test
  void aFileMessageNamesItsFile() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Message received = arrives(bob, tom.create(List.of(bob.id())).send(Draft.file(Draft.Kind.FILE, URL, Map.of("size", 9000))));
    assertEquals(-6, received.type());
    assertEquals(URL, received.file().get("url"));
  }

  // B-165 B-169
  @Test
  void aPlaceArrivesWhereItIs() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Message received = arrives(bob, tom.create(List.of(bob.id())).send(Draft.location(31.3753285, 120.9664658).caption("蛋糕店")));
    assertEquals(-5, received.type());
    assertEquals(31.3753285, received.fields().get("latitude"));
    assertEquals(120.9664658, received.fields().get("longitude"));
    assertEquals("蛋糕店", received.text());
  }

  // B-260 B-261
  @Test
  void aTypeOfTheAppArrivesAsItself() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Conversation made = tom.create(List.of(bob.id()));
    Message received = arrives(bob, made.send(Draft.sticker("m001").attributes(Map.of("n", 1))));
    assertEquals(123, received.type());
    assertEquals("m001", received.fields().get("ecode"));
    assertEquals(Map.of("n", 1), received.attributes());
    assertEquals("m001", made.history(1).get(0).fields().get("ecode"));
  }

  // B-174 B-175 B-264 W-425 W-426
  @Test
  void contentThatIsNoTypedMessageArrivesUnchanged() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Conversation made = tom.create(List.of(bob.id()));
    assertEquals("{\"_lctype\": 77, \"x\":  1}", arrives(bob, made.send(Draft.raw("{\"_lctype\": 77, \"x\":  1}"))).content());
  }

  // B-176 W-430 W-431
  @Test
  void bytesArriveAsBytesLiveAndInHistory() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Conversation made = tom.create(List.of(bob.id()));
    byte[] bytes = {0, 1, -1, 127, -128, 10, 13};
    assertArrayEquals(bytes, arrives(bob, made.send(Draft.bytes(bytes))).bytes());
    assertArrayEquals(bytes, bob.fetch(made.id()).history(1).get(0).bytes());
  }

  // B-199 B-200 W-31
  @Test
  void aMessageThatIsTooLongIsRefusedWith4109AndTheConnectionLives() throws Exception {
    Client tom = tom();
    Conversation made = tom.create(List.of());
    made.send(Draft.raw("x".repeat(5120)));
    refused(4109, () -> made.send(Draft.raw("x".repeat(5121))));
    made.send("short");
  }

  // B-187 W-265 W-268
  @Test
  void aStrangersMessageIsRefusedWith4401() throws Exception {
    Client tom = tom();
    Client eve = world.client("eve");
    Conversation there = eve.fetch(tom.create(List.of()).id());
    refused(4401, () -> there.send("let me in"));
  }

  // B-190 B-202 B-203 W-87 W-88
  @Test
  void twoSendersMessagesComeToAllInOneOrderWithTimesThatGrow() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Client eve = world.client("eve");
    Conversation made = tom.create(List.of(bob.id(), eve.id()));
    Conversation there = bob.fetch(made.id());
    // What comes while the SDK still asks for the conversation it hands out later than what comes after.
    eve.fetch(made.id());
    for (int index = 0; index < 20; index += 1) {
      made.sendAndForget(Draft.text("tom " + index));
      there.sendAndForget(Draft.text("bob " + index));
    }
    List<Message> seen = eve.inbox().take(Kind.MESSAGE, event -> event.conversation().equals(made.id()), 40, 0).stream().map(Event::message).toList();
    assertEquals(ids(seen), ids(made.history(100)));
    for (int index = 1; index < seen.size(); index += 1) assertTrue(seen.get(index).at() > seen.get(index - 1).at());
    List<String> ofTom = seen.stream().filter(message -> message.from().equals(tom.id())).map(Message::text).toList();
    for (int index = 0; index < 20; index += 1) assertEquals("tom " + index, ofTom.get(index));
  }

  // B-209 B-210 B-212 B-213 W-270 W-271 W-103
  @Test
  void aTransientMessageIsAnsweredReachesWhoIsOnlineAndLeavesNoTrace() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Conversation made = tom.create(List.of(bob.id()));
    made.send(Draft.text("typing").transiently());
    bob.inbox().get(Kind.MESSAGE, event -> "typing".equals(event.message().text()));
    assertEquals(List.of(), made.history(10));
  }

  // B-222 B-223 B-224 W-296 W-297
  @Test
  void aMessageSentWithTheOptionGetsItsReceipt() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Conversation made = tom.create(List.of(bob.id()));
    Message sent = made.send(Draft.text("there?").withReceipt());
    Message receipt = tom.inbox().get(Kind.RECEIPT, event -> event.message().id().equals(sent.id())).message();
    assertTrue(receipt.deliveredAt() >= sent.at());
    Event delivered = tom.inbox().get(Kind.DELIVERED, event -> event.conversation().equals(made.id()));
    assertTrue(delivered.number() >= sent.at());
  }

  // B-222 W-294
  @Test
  void noReceiptComesUnasked() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Conversation made = tom.create(List.of(bob.id()));
    arrives(bob, made.send("no receipt, please"));
    Message fenced = made.send(Draft.text("receipt, please").withReceipt());
    tom.inbox().get(Kind.RECEIPT, event -> event.message().id().equals(fenced.id()));
    assertEquals(1, tom.inbox().list(Kind.RECEIPT).size());
  }

  // B-227 B-228 W-299 B-229 W-233 W-234
  @Test
  void readingTellsTheSenderUpToWhen() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Conversation made = tom.create(List.of(bob.id()));
    assertEquals(new Receipts(0, 0), made.fetchReceipts());
    Message sent = made.send(Draft.text("read this").withReceipt());
    arrives(bob, sent);
    bob.fetch(made.id()).read();
    Event read = tom.inbox().get(Kind.READ, event -> event.conversation().equals(made.id()));
    assertTrue(read.number() >= sent.at());
    Receipts receipts = made.fetchReceipts();
    assertEquals(sent.at(), receipts.deliveredAt());
    assertEquals(sent.at(), receipts.readAt());
  }

  // B-232 B-233 B-234 W-433 W-434
  @Test
  void whoIsMentionedIsToldSoLiveAndInHistory() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Client eve = world.client("eve");
    Conversation made = tom.create(List.of(bob.id(), eve.id()));
    Message one = made.send(Draft.text("@bob").mention(List.of(bob.id())));
    assertTrue(arrives(bob, one).mentionsMe());
    assertFalse(arrives(eve, one).mentionsMe());
    assertEquals(List.of(bob.id()), arrives(eve, one).mentions());
    Message all = made.send(Draft.text("@all").mentionAll());
    assertTrue(arrives(eve, all).mentionsMe());
    assertTrue(arrives(eve, all).mentionsAll());
    List<Message> history = eve.fetch(made.id()).history(2);
    assertEquals(List.of(bob.id()), history.get(0).mentions());
    assertTrue(history.get(1).mentionsAll());
  }

  // B-215 B-216 B-219 W-277 W-278 W-279
  @Test
  void aWillIsSentWhenItsClientIsLost() throws Exception {
    Line line = world.line();
    Device phone = world.device(line);
    Client tom = phone.open(World.name("tom"), Opening.plain());
    Client bob = bob();
    Conversation made = tom.create(List.of(bob.id()));
    made.send(Draft.text("I am gone").asWill());
    fence(tom, bob);
    assertTrue(bob.inbox().list(Kind.MESSAGE, event -> "I am gone".equals(event.message().text())).isEmpty());
    line.sever();
    assertEquals(tom.id(), bob.inbox().get(Kind.MESSAGE, event -> "I am gone".equals(event.message().text())).by());
  }

  // B-217 W-136 W-280
  @Test
  void aLogoutDiscardsTheWill() throws Exception {
    Client tom = world.device().open(World.name("tom"), Opening.plain());
    Client bob = bob();
    Client eve = world.client("eve");
    Conversation made = tom.create(List.of(bob.id()));
    made.send(Draft.text("I am gone").asWill());
    tom.close();
    fence(eve, bob);
    assertTrue(bob.inbox().list(Kind.MESSAGE, event -> "I am gone".equals(event.message().text())).isEmpty());
  }

  // B-266 W-155
  @Test
  void pushDataTravelsWithAMessageAndCountsForItsSize() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Conversation made = tom.create(List.of(bob.id()));
    arrives(bob, made.send(Draft.text("x").push(Map.of("alert", "ring"))));
    refused(4109, () -> made.send(Draft.text("x").push(Map.of("alert", "x".repeat(5120)))));
  }

  // B-242 B-244 W-347 W-352 W-358
  @Test
  void anEditReachesTheOthersAndKeepsIdTimeAndPlace() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Conversation made = tom.create(List.of(bob.id()));
    Message sent = made.send("frist");
    Message next = made.send("second");
    arrives(bob, next);
    Message edited = made.edit(sent, Draft.text("first").attributes(Map.of("n", 2)));
    Message told = bob.inbox().get(Kind.UPDATED, event -> event.message().id().equals(sent.id())).message();
    assertEquals("first", told.text());
    assertEquals(Map.of("n", 2), told.attributes());
    assertEquals(sent.at(), told.at());
    assertTrue(told.changedAt() >= sent.at());
    assertTrue(edited.changedAt() >= sent.at());
    List<Message> history = bob.fetch(made.id()).history(2);
    assertEquals(ids(List.of(sent, next)), ids(history));
    assertEquals("first", history.get(0).text());
  }

  // B-243 B-244 W-353 W-428
  @Test
  void aRecallLeavesAnEmptyPlace() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Conversation made = tom.create(List.of(bob.id()));
    Message sent = made.send("oops");
    arrives(bob, sent);
    assertTrue(made.recall(sent).recalled());
    Message told = bob.inbox().get(Kind.RECALLED, event -> event.message().id().equals(sent.id())).message();
    assertTrue(told.recalled());
    Message kept = bob.fetch(made.id()).history(1).get(0);
    assertEquals(sent.id(), kept.id());
    assertEquals(-127, kept.type());
    assertTrue(kept.recalled());
  }

  // W-345: the SDK sends the bytes of an edited binary message in the text field.
  @Test
  void anEditedBinaryMessageHasItsNewBytes() throws Exception {
    Client tom = tom();
    Conversation made = tom.create(List.of());
    Message sent = made.send(Draft.bytes(new byte[] {1, 2, 3}));
    made.edit(sent, Draft.bytes(new byte[] {4, 5}));
    assertArrayEquals(new byte[] {4, 5}, made.history(1).get(0).bytes());
  }

  // B-239 B-241 W-349
  @Test
  void onlyTheOwnMessageIsEditedOrRecalled() throws Exception {
    Client tom = tom();
    Client bob = bob();
    Conversation made = tom.create(List.of(bob.id()));
    Message received = arrives(bob, made.send("mine"));
    Conversation there = bob.fetch(made.id());
    refused(4403, () -> there.edit(received, Draft.text("yours")));
    refused(4403, () -> there.recall(received));
  }

  // B-246 W-360
  @Test
  void whoWasAwayHearsOfEditsAndRecallsOnItsReturn() throws Exception {
    Line line = world.line();
    Device phone = world.device(line);
    Client bob = phone.open(World.name("bob"), Opening.plain());
    Client tom = tom();
    Conversation made = tom.create(List.of(bob.id()));
    Message edited = made.send("frist");
    Message recalled = made.send("oops");
    arrives(bob, recalled);
    line.sever();
    phone.awaitDisconnect();
    made.edit(edited, Draft.text("first"));
    made.recall(recalled);
    line.restore();
    phone.connect();
    assertEquals("first", bob.inbox().get(Kind.UPDATED, event -> event.message().id().equals(edited.id())).message().text());
    bob.inbox().get(Kind.RECALLED, event -> event.message().id().equals(recalled.id()));
  }
}
