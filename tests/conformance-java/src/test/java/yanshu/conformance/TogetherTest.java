package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static yanshu.conformance.harness.Expect.texts;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.JavaScriptPeer;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Draft;
import yanshu.conformance.sdk.Event.Kind;
import yanshu.conformance.sdk.Message;

/** Java and JavaScript in one conversation. */
class TogetherTest {
  @RegisterExtension
  static final World world = new World();

  // B-43 B-45
  @Test
  void eachReceivesWhatTheOtherSendsAndBothReadOneHistory() throws Exception {
    Client java = world.client("java");
    String id = World.name("script");
    JavaScriptPeer script = world.keep(JavaScriptPeer.open(world.server(), id));
    Conversation made = java.create(List.of(id), "mixed", null, false);
    assertEquals(java.id(), script.await("invited", event -> event.getString("cid").equals(made.id())).getString("by"));

    Message sent = made.send(Draft.text("from Java").attributes(Map.of("n", 1)));
    var received = script.await("message", event -> event.getString("id").equals(sent.id()));
    assertEquals("from Java", received.getString("text"));
    assertEquals(sent.at(), received.getLongValue("at"));
    assertEquals(-1, received.getIntValue("type"));
    assertEquals(Map.of("n", 1), received.getJSONObject("attributes").getInnerMap());

    String answer = script.ask("send", Map.of("cid", made.id(), "text", "from JavaScript", "attributes", Map.of("m", "two"))).getString("id");
    Message back = java.inbox().get(Kind.MESSAGE, event -> event.message().id().equals(answer)).message();
    assertEquals("from JavaScript", back.text());
    assertEquals(Map.of("m", "two"), back.attributes());
    assertEquals(id, back.from());

    assertEquals(List.of("from Java", "from JavaScript"), texts(made.history(10)));
    assertEquals(List.of("from Java", "from JavaScript"), script.ask("history", Map.of("cid", made.id())).getJSONArray("texts"));
  }

  // B-242 B-243 W-352 W-353
  @Test
  void anEditAndARecallInJavaAreSeenInJavaScript() throws Exception {
    Client java = world.client("java");
    String id = World.name("script");
    JavaScriptPeer script = world.keep(JavaScriptPeer.open(world.server(), id));
    Conversation made = java.create(List.of(id));
    Message edited = made.send("frist");
    Message recalled = made.send("oops");
    script.await("message", event -> event.getString("id").equals(recalled.id()));
    made.edit(edited, Draft.text("first"));
    made.recall(recalled);
    assertEquals("first", script.await("update", event -> event.getString("id").equals(edited.id())).getString("text"));
    script.await("recall", event -> event.getString("id").equals(recalled.id()));
  }

  // B-65 W-180
  @Test
  void aConversationMadeInJavaScriptIsFoundInJava() throws Exception {
    Client java = world.client("java");
    JavaScriptPeer script = world.keep(JavaScriptPeer.open(world.server(), World.name("script")));
    String made = script.ask("create", Map.of("members", List.of(java.id()), "name", "mixed")).getString("cid");
    java.inbox().get(Kind.INVITED, event -> event.conversation().equals(made));
    assertEquals("mixed", java.fetch(made).name());
  }
}
