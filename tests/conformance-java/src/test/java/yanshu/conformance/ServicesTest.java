package yanshu.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static yanshu.conformance.harness.Expect.fence;
import static yanshu.conformance.harness.Expect.ids;
import static yanshu.conformance.harness.Expect.refused;
import static yanshu.conformance.harness.Expect.texts;

import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.JSONObject;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import yanshu.conformance.harness.World;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Draft;
import yanshu.conformance.sdk.Event;
import yanshu.conformance.sdk.Event.Kind;
import yanshu.conformance.sdk.Message;
import yanshu.conformance.sdk.Opening;

/** Service conversations. 6.0.5 has no calls of its own for subscribing: a client subscribes by joining and ends it by quitting. */
class ServicesTest {
  private static final String SERVICES = "/1.2/rtm/service-conversations";

  @RegisterExtension
  static final World world = new World();

  /** A service as the app's own server sees it. */
  private record Service(String id, String name) {
    static Service open() throws Exception {
      String name = World.name("service");
      return new Service(ask("POST", SERVICES, Map.of("name", name)).getString("objectId"), name);
    }

    /** What the message has as id. */
    String tellAll(String text) throws Exception {
      return tell("/broadcasts", Map.of("from_client", name, "message", typed(text)));
    }

    String tellOne(String client, String text) throws Exception {
      return tell("/messages", Map.of("from_client", name, "to_clients", List.of(client), "message", typed(text)));
    }

    private String tell(String path, Map<String, Object> body) throws Exception {
      return call("POST", path, body).getString("msg-id");
    }

    JSONObject call(String method, String path, Map<String, Object> body) throws Exception {
      return ask(method, SERVICES + "/" + id + path, body);
    }

    private static String typed(String text) {
      return JSON.toJSONString(Map.of("_lctype", -1, "_lctext", text));
    }

    private static JSONObject ask(String method, String path, Map<String, Object> body) throws Exception {
      HttpResponse<String> answer = world.server().rest(method, path, body == null ? null : JSON.toJSONString(body));
      assertEquals(200, answer.statusCode(), answer.body());
      return JSON.parseObject(answer.body());
    }

    /** The service in the hands of a client, which subscribes to it. */
    Conversation subscribe(Client client) throws Exception {
      Conversation place = client.service(id);
      place.join();
      return place;
    }

    List<Event> told(Client client, Kind kind) {
      return client.inbox().list(kind, event -> id.equals(event.conversation()));
    }

    /** The one service that the SDK's own query finds by this name. */
    Conversation found(Client client) throws Exception {
      List<Conversation> found = client.findServices(search -> search.whereEqualTo("name", name));
      assertEquals(1, found.size());
      return found.get(0);
    }
  }

  private static Message receives(Client client, String id) {
    return client.inbox().get(Kind.MESSAGE, event -> event.message().id().equals(id)).message();
  }

  // B-74 B-142 W-158 W-185 W-199
  @Test
  void theAppMakesItAndClientsFindItBySys() throws Exception {
    Service service = Service.open();
    Client tom = world.client("tom");
    List<Conversation> found = tom.find(search -> search.whereEqualTo("sys", true).whereEqualTo("name", service.name()));
    assertEquals(List.of(service.id()), found.stream().map(Conversation::id).toList());
    Conversation one = service.found(tom);
    assertEquals(service.id(), one.id());
    assertTrue(one.isService());
    assertEquals(List.of(), one.members());
  }

  // B-141 W-157 W-213 W-229
  @Test
  void subscribingIsCountedAndToldToNobody() throws Exception {
    Service service = Service.open();
    Client one = world.client("one");
    Client other = world.client("other");
    Conversation place = service.subscribe(one);
    Conversation there = service.subscribe(other);
    assertEquals(2, place.count());
    there.quit();
    assertEquals(1, place.count());
    fence(other, one);
    for (Kind kind : List.of(Kind.INVITED, Kind.KICKED, Kind.JOINED, Kind.LEFT)) assertEquals(List.of(), service.told(one, kind));
  }

  // B-141 R-108 R-110
  @Test
  void theAppSubscribesAClientAndEndsIt() throws Exception {
    Service service = Service.open();
    Client tom = world.client("tom");
    service.call("POST", "/subscribers", Map.of("client_id", tom.id()));
    assertEquals(1, tom.service(service.id()).count());
    String first = service.tellAll("welcome");
    receives(tom, first);
    service.call("DELETE", "/subscribers/" + tom.id(), null);
    service.tellAll("nobody hears this");
    fence(world.client("bob"), tom);
    assertEquals(List.of(first), ids(service.told(tom, Kind.MESSAGE).stream().map(Event::message).toList()));
  }

  // B-45 W-159 W-228
  @Test
  void aQuerySaysWhetherTheClientSubscribesAndHasMutedIt() throws Exception {
    Service service = Service.open();
    Client tom = world.client("tom");
    assertEquals(false, service.found(tom).property("joined"));
    refused(4317, () -> tom.service(service.id()).mute());
    Conversation place = service.subscribe(tom);
    assertEquals(true, service.found(tom).property("joined"));
    assertNotNull(service.found(tom).property("joinedAt"));
    assertEquals(false, service.found(tom).property("muted"));
    place.mute();
    assertEquals(true, service.found(tom).property("muted"));
    place.unmute();
    assertEquals(false, service.found(tom).property("muted"));
  }

  // B-141 B-146 R-93 W-161
  @Test
  void whatIsSaidToAllReachesEverySubscriberAndNobodyElse() throws Exception {
    Service service = Service.open();
    Client one = world.client("one");
    Client other = world.client("other");
    Client gone = world.client("gone");
    Client stranger = world.client("stranger");
    for (Client client : List.of(one, other)) service.subscribe(client);
    service.subscribe(gone).quit();
    String said = service.tellAll("good morning");
    for (Client client : List.of(one, other)) {
      Message message = receives(client, said);
      assertEquals("good morning", message.text());
      assertEquals(service.name(), message.from());
      assertEquals(service.id(), message.conversation());
    }
    for (Client client : List.of(gone, stranger)) {
      fence(one, client);
      assertEquals(List.of(), service.told(client, Kind.MESSAGE));
    }
  }

  // B-145 R-92 W-161
  @Test
  void whatIsSaidToOneReachesItAloneSubscriberOrNot() throws Exception {
    Service service = Service.open();
    Client one = world.client("one");
    Client other = world.client("other");
    Client stranger = world.client("stranger");
    service.subscribe(one);
    service.subscribe(other);
    assertEquals("for you alone", receives(one, service.tellOne(one.id(), "for you alone")).text());
    assertEquals("join us", receives(stranger, service.tellOne(stranger.id(), "join us")).text());
    fence(one, other);
    assertEquals(List.of(), service.told(other, Kind.MESSAGE));
  }

  // B-143 B-231 W-160 W-162
  @Test
  void whatAClientSaysIsAcknowledgedReachesNoOtherSubscriberAndHasNoReceipt() throws Exception {
    Service service = Service.open();
    Client one = world.client("one");
    Client other = world.client("other");
    Conversation place = service.subscribe(one);
    Conversation there = service.subscribe(other);
    Message sent = place.send(Draft.text("is anybody there").withReceipt());
    assertNotNull(sent.id());
    fence(one, other);
    fence(other, one);
    assertEquals(List.of(), service.told(other, Kind.MESSAGE));
    assertEquals(List.of(), service.told(one, Kind.RECEIPT));
    assertEquals(List.of(sent.id()), ids(place.history(10)));
    assertEquals(List.of(), there.history(10));
  }

  // B-153 W-161 W-339
  @Test
  void eachClientReadsItsOwnHistory() throws Exception {
    Service service = Service.open();
    Client one = world.client("one");
    Client other = world.client("other");
    Conversation place = service.subscribe(one);
    Conversation there = service.subscribe(other);
    service.tellAll("to all");
    service.tellOne(one.id(), "to one");
    place.send("from one");
    there.send("from the other");
    service.tellAll("to all again");
    assertEquals(List.of("to all", "to one", "from one", "to all again"), texts(place.history(10)));
    assertEquals(List.of("to all", "from the other", "to all again"), texts(there.history(10)));
    List<Message> last = place.history(2);
    assertEquals(List.of("from one", "to all again"), texts(last));
    assertEquals(List.of("to all", "to one"), texts(place.historyBefore(last.get(0), 2)));
  }

  // B-149 B-285 W-161 W-308
  @Test
  void whatASubscriberMissedIsCountedWhenItReturnsUntilItIsRead() throws Exception {
    Service service = Service.open();
    String id = World.name("tom");
    Client tom = world.device().open(id, Opening.plain());
    service.subscribe(tom).send("my own does not count");
    tom.close();
    service.tellAll("one");
    String last = service.tellOne(id, "two");
    Client again = world.device().open(id, Opening.plain());
    Event notice = again.inbox().get(Kind.UNREAD, event -> event.conversation().equals(service.id()));
    assertEquals(2, notice.number());
    assertEquals(last, notice.message().id());
    assertEquals("two", notice.message().text());
    again.service(service.id()).read();
    again.close();
    Client third = world.device().open(id, Opening.plain());
    fence(world.client("bob"), third);
    assertEquals(List.of(), service.told(third, Kind.UNREAD));
  }
}
