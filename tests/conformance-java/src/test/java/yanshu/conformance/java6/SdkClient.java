package yanshu.conformance.java6;

import cn.leancloud.AVQuery;
import cn.leancloud.im.InternalConfiguration;
import cn.leancloud.im.v2.AVIMClient;
import cn.leancloud.im.v2.AVIMConversation;
import cn.leancloud.im.v2.AVIMConversationsQuery;
import cn.leancloud.im.v2.AVIMException;
import cn.leancloud.im.v2.callback.AVIMClientCallback;
import cn.leancloud.im.v2.callback.AVIMClientStatusCallback;
import cn.leancloud.im.v2.callback.AVIMConversationCreatedCallback;
import cn.leancloud.im.v2.callback.AVIMConversationQueryCallback;
import cn.leancloud.im.v2.callback.AVIMOnlineClientsCallback;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import yanshu.conformance.harness.Inbox;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Failure;
import yanshu.conformance.sdk.Search;

/** A client of this copy of the SDK. */
final class SdkClient implements Client {
  private final AVIMClient sdk;
  private final Inbox inbox;

  SdkClient(AVIMClient sdk, Inbox inbox) {
    this.sdk = sdk;
    this.inbox = inbox;
  }

  @Override
  public String id() {
    return sdk.getClientId();
  }

  @Override
  public Inbox inbox() {
    return inbox;
  }

  @Override
  public boolean isOpen() {
    boolean[] open = {false};
    sdk.getClientStatus(new AVIMClientStatusCallback() {
      @Override
      public void done(AVIMClient.AVIMClientStatus status) {
        open[0] = status == AVIMClient.AVIMClientStatus.AVIMClientStatusOpened;
      }
    });
    return open[0];
  }

  @Override
  public void close() throws Failure {
    Answer<AVIMClient> answer = new Answer<>();
    sdk.close(of(answer));
    answer.get();
  }

  private static AVIMClientCallback of(Answer<AVIMClient> answer) {
    return new AVIMClientCallback() {
      @Override
      public void done(AVIMClient client, AVIMException error) {
        answer.done(client, error);
      }
    };
  }

  @Override
  public List<String> online(List<String> ids) throws Failure {
    Answer<List<String>> answer = new Answer<>();
    sdk.getOnlineClients(ids, new AVIMOnlineClientsCallback() {
      @Override
      public void done(List<String> online, AVIMException error) {
        answer.done(online, error);
      }
    });
    return answer.get();
  }

  @Override
  public void renewToken() throws Failure {
    Answer<AVIMClient> answer = new Answer<>();
    InternalConfiguration.getOperationTube().renewSessionToken(id(), of(answer));
    answer.get();
  }

  @Override
  public Conversation create(List<String> members) throws Failure {
    return create(members, null, null, false);
  }

  @Override
  public Conversation create(List<String> members, String name, Map<String, Object> attributes, boolean unique) throws Failure {
    Created created = new Created();
    sdk.createConversation(members, name, attributes, false, unique, created);
    return wrap(created.answer.get());
  }

  @Override
  public Conversation createRoom(String name, Map<String, Object> attributes) throws Failure {
    Created created = new Created();
    sdk.createChatRoom(name, attributes, created);
    return wrap(created.answer.get());
  }

  @Override
  public Conversation createTemporary(List<String> members, int seconds) throws Failure {
    Created created = new Created();
    sdk.createTemporaryConversation(members, seconds, created);
    return wrap(created.answer.get());
  }

  @Override
  public Conversation fetch(String id) throws Failure {
    Conversation conversation = wrap(sdk.getConversation(id));
    conversation.refresh();
    return conversation;
  }

  @Override
  public Conversation room(String id) {
    return wrap(sdk.getChatRoom(id));
  }

  @Override
  public Conversation service(String id) {
    return wrap(sdk.getServiceConversation(id));
  }

  @Override
  public List<Conversation> find(UnaryOperator<Search> build) throws Failure {
    return find(sdk.getConversationsQuery(), build);
  }

  @Override
  public List<Conversation> findRooms(UnaryOperator<Search> build) throws Failure {
    return find(sdk.getChatRoomQuery(), build);
  }

  @Override
  public List<Conversation> findServices(UnaryOperator<Search> build) throws Failure {
    return find(sdk.getServiceConversationQuery(), build);
  }

  @Override
  public List<Conversation> findAny(List<UnaryOperator<Search>> builds) throws Failure {
    List<AVIMConversationsQuery> queries = builds.stream().map(build -> {
      AVIMConversationsQuery query = sdk.getConversationsQuery();
      build.apply(SdkSearch.over(query));
      return query;
    }).toList();
    return find(AVIMConversationsQuery.or(queries), search -> search);
  }

  private List<Conversation> find(AVIMConversationsQuery query, UnaryOperator<Search> build) throws Failure {
    build.apply(SdkSearch.over(query));
    // Otherwise the SDK answers a question it was asked before from a store that a plain JVM does not have.
    query.setQueryPolicy(AVQuery.CachePolicy.NETWORK_ONLY);
    Answer<List<AVIMConversation>> answer = new Answer<>();
    query.findInBackground(new AVIMConversationQueryCallback() {
      @Override
      public void done(List<AVIMConversation> found, AVIMException error) {
        answer.done(found, error);
      }
    });
    return answer.get().stream().map(this::wrap).toList();
  }

  private Conversation wrap(AVIMConversation conversation) {
    return new SdkConversation(sdk, conversation);
  }

  private static final class Created extends AVIMConversationCreatedCallback {
    private final Answer<AVIMConversation> answer = new Answer<>();

    @Override
    public void done(AVIMConversation conversation, AVIMException error) {
      answer.done(conversation, error);
    }
  }
}
