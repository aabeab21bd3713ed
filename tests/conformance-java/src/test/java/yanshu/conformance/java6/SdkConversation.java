package yanshu.conformance.java6;

import static cn.leancloud.im.v2.Conversation.CONV_TYPE_NORMAL;
import static cn.leancloud.im.v2.Conversation.CONV_TYPE_SYSTEM;
import static cn.leancloud.im.v2.Conversation.CONV_TYPE_TEMPORARY;
import static cn.leancloud.im.v2.Conversation.CONV_TYPE_TRANSIENT;
import static cn.leancloud.im.v2.Conversation.QUERY_PARAM_LIMIT;
import static cn.leancloud.im.v2.Conversation.QUERY_PARAM_OFFSET;
import static cn.leancloud.im.v2.Conversation.callbackData;
import static cn.leancloud.im.v2.Conversation.callbackDeliveredAt;
import static cn.leancloud.im.v2.Conversation.callbackMemberCount;
import static cn.leancloud.im.v2.Conversation.callbackReadAt;

import cn.leancloud.AVException;
import cn.leancloud.callback.AVCallback;
import cn.leancloud.im.InternalConfiguration;
import cn.leancloud.im.v2.AVIMClient;
import cn.leancloud.im.v2.AVIMConversation;
import cn.leancloud.im.v2.AVIMException;
import cn.leancloud.im.v2.AVIMMessage;
import cn.leancloud.im.v2.AVIMMessageInterval;
import cn.leancloud.im.v2.AVIMMessageOption;
import cn.leancloud.im.v2.AVIMMessageQueryDirection;
import cn.leancloud.im.v2.Conversation.AVIMOperation;
import cn.leancloud.im.v2.callback.AVIMCommonJsonCallback;
import cn.leancloud.im.v2.callback.AVIMConversationCallback;
import cn.leancloud.im.v2.callback.AVIMConversationMemberQueryCallback;
import cn.leancloud.im.v2.callback.AVIMMessageRecalledCallback;
import cn.leancloud.im.v2.callback.AVIMMessageUpdatedCallback;
import cn.leancloud.im.v2.callback.AVIMMessagesQueryCallback;
import cn.leancloud.im.v2.callback.AVIMOperationFailure;
import cn.leancloud.im.v2.callback.AVIMOperationPartiallySucceededCallback;
import cn.leancloud.im.v2.conversation.AVIMConversationMemberInfo;
import cn.leancloud.im.v2.conversation.ConversationMemberRole;
import cn.leancloud.im.v2.messages.AVIMRecalledMessage;
import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.JSONObject;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import yanshu.conformance.sdk.Bound;
import yanshu.conformance.sdk.Conversation;
import yanshu.conformance.sdk.Draft;
import yanshu.conformance.sdk.Failure;
import yanshu.conformance.sdk.MemberInfo;
import yanshu.conformance.sdk.Message;
import yanshu.conformance.sdk.Outcome;
import yanshu.conformance.sdk.Receipts;

/** A conversation of one client of this copy of the SDK. */
final class SdkConversation implements Conversation {
  private final AVIMClient client;
  private final AVIMConversation sdk;

  /** Changes that are not saved, by their names on the wire. */
  private final Map<String, Object> pending = new HashMap<>();

  SdkConversation(AVIMClient client, AVIMConversation sdk) {
    this.client = client;
    this.sdk = sdk;
  }

  @Override
  public String id() {
    return sdk.getConversationId();
  }

  @Override
  public String name() {
    return sdk.getName();
  }

  @Override
  public String creator() {
    return sdk.getCreator();
  }

  @Override
  public List<String> members() {
    return sdk.getMembers();
  }

  @Override
  public Object attribute(String key) {
    return sdk.getAttribute(key);
  }

  @Override
  public Object property(String key) {
    return sdk.get(key);
  }

  @Override
  public Date createdAt() {
    return sdk.getCreatedAt();
  }

  @Override
  public Date updatedAt() {
    return sdk.getUpdatedAt();
  }

  @Override
  public Message lastMessage() {
    return plain(sdk.getLastMessage());
  }

  @Override
  public Date lastMessageAt() {
    return sdk.getLastMessageAt();
  }

  @Override
  public int unread() {
    return sdk.getUnreadMessagesCount();
  }

  @Override
  public boolean unreadMentionsMe() {
    return sdk.unreadMessagesMentioned();
  }

  @Override
  public boolean isRoom() {
    return sdk.isTransient();
  }

  @Override
  public boolean isTemporary() {
    return sdk.isTemporary();
  }

  @Override
  public boolean isService() {
    return sdk.isSystem();
  }

  @Override
  public long expiresAt() {
    return sdk.getTemporaryExpiredat();
  }

  private Message plain(AVIMMessage message) {
    return Messages.plain(message, client.getClientId());
  }

  @Override
  public Message send(String text) throws Failure {
    return send(Draft.text(text));
  }

  @Override
  public Message send(Draft draft) throws Failure {
    return send(Messages.make(draft), Messages.option(draft));
  }

  @Override
  public Message sendAgain(Message sent) throws Failure {
    return send((AVIMMessage) sent.own(), null);
  }

  private Message send(AVIMMessage message, AVIMMessageOption option) throws Failure {
    perform(done -> sdk.sendMessage(message, option, done));
    return plain(message);
  }

  @Override
  public void sendAndForget(Draft draft) {
    sdk.sendMessage(Messages.make(draft), Messages.option(draft), null);
  }

  @Override
  public Message edit(Message sent, Draft draft) throws Failure {
    Answer<AVIMMessage> answer = new Answer<>();
    sdk.updateMessage((AVIMMessage) sent.own(), Messages.make(draft), new AVIMMessageUpdatedCallback() {
      @Override
      public void done(AVIMMessage message, AVException error) {
        answer.done(message, error);
      }
    });
    return plain(answer.get());
  }

  @Override
  public Message recall(Message sent) throws Failure {
    Answer<AVIMMessage> answer = new Answer<>();
    sdk.recallMessage((AVIMMessage) sent.own(), new AVIMMessageRecalledCallback() {
      @Override
      public void done(AVIMRecalledMessage message, AVException error) {
        answer.done(message, error);
      }
    });
    return plain(answer.get());
  }

  @Override
  public List<Message> history(int limit) throws Failure {
    return read(found -> sdk.queryMessagesFromServer(limit, found));
  }

  @Override
  public List<Message> historyBefore(Message message, int limit) throws Failure {
    return history(Bound.beside(message), null, false, limit);
  }

  @Override
  public List<Message> historyOfType(int type, int limit) throws Failure {
    return read(found -> sdk.queryMessagesByType(type, limit, found));
  }

  @Override
  public List<Message> history(Bound start, Bound end, boolean forward, int limit) throws Failure {
    AVIMMessageInterval interval = new AVIMMessageInterval(bound(start), bound(end));
    AVIMMessageQueryDirection direction = forward
        ? AVIMMessageQueryDirection.AVIMMessageQueryDirectionFromOldToNew
        : AVIMMessageQueryDirection.AVIMMessageQueryDirectionFromNewToOld;
    return read(found -> sdk.queryMessages(interval, direction, limit, found));
  }

  private static AVIMMessageInterval.AVIMMessageIntervalBound bound(Bound bound) {
    return bound == null ? null : AVIMMessageInterval.createBound(bound.id(), bound.at(), bound.closed());
  }

  private List<Message> read(Consumer<AVIMMessagesQueryCallback> question) throws Failure {
    Answer<List<AVIMMessage>> answer = new Answer<>();
    question.accept(new AVIMMessagesQueryCallback() {
      @Override
      public void done(List<AVIMMessage> messages, AVIMException error) {
        answer.done(messages, error);
      }
    });
    return answer.get().stream().map(this::plain).toList();
  }

  private static void perform(Consumer<AVIMConversationCallback> operation) throws Failure {
    Answer<Void> answer = new Answer<>();
    operation.accept(answer.ofConversation());
    answer.get();
  }

  @Override
  public void join() throws Failure {
    perform(sdk::join);
  }

  @Override
  public void quit() throws Failure {
    perform(sdk::quit);
  }

  @Override
  public void add(List<String> ids) throws Failure {
    perform(done -> sdk.addMembers(ids, done));
  }

  @Override
  public void kick(List<String> ids) throws Failure {
    perform(done -> sdk.kickMembers(ids, done));
  }

  @Override
  public int count() throws Failure {
    return (Integer) ask(AVIMOperation.CONVERSATION_MEMBER_COUNT_QUERY, Map.of()).get(callbackMemberCount);
  }

  /**
   * Asks as the SDK's own methods do. On a plain JVM 6.0.5 answers some questions with a map where the callback of its own method
   * expects what is in it, and fails in a cast.
   */
  private Map<String, Object> ask(AVIMOperation operation, Map<String, Object> parameters) throws Failure {
    Answer<Map<String, Object>> answer = new Answer<>();
    AVCallback<Map<String, Object>> callback = answer.untyped();
    InternalConfiguration.getOperationTube()
        .processMembers(client.getClientId(), id(), kind(), JSON.toJSONString(parameters), operation, callback);
    return answer.get();
  }

  private int kind() {
    if (isService()) return CONV_TYPE_SYSTEM;
    if (isRoom()) return CONV_TYPE_TRANSIENT;
    if (isTemporary()) return CONV_TYPE_TEMPORARY;
    return CONV_TYPE_NORMAL;
  }

  @Override
  public void mute() throws Failure {
    perform(sdk::mute);
  }

  @Override
  public void unmute() throws Failure {
    perform(sdk::unmute);
  }

  @Override
  public void read() {
    sdk.read();
  }

  @Override
  public Receipts fetchReceipts() throws Failure {
    // The SDK's own method takes the one time for the other.
    Answer<Map<String, Object>> answer = new Answer<>();
    InternalConfiguration.getOperationTube().fetchReceiptTimestamps(
        client.getClientId(), id(), kind(), AVIMOperation.CONVERSATION_FETCH_RECEIPT_TIME, json(answer));
    Map<String, Object> times = answer.get();
    return new Receipts(
        (Long) times.get(callbackDeliveredAt), (Long) times.get(callbackReadAt));
  }

  private static AVIMCommonJsonCallback json(Answer<Map<String, Object>> answer) {
    return new AVIMCommonJsonCallback() {
      @Override
      public void done(Map<String, Object> result, AVIMException error) {
        answer.done(result, error);
      }
    };
  }

  @Override
  public long lastReadAt() {
    return sdk.getLastReadAt();
  }

  @Override
  public long lastDeliveredAt() {
    return sdk.getLastDeliveredAt();
  }

  @Override
  public Conversation name(String name) {
    pending.put("name", name);
    return this;
  }

  @Override
  public Conversation attribute(String key, Object value) {
    pending.put("attr." + key, value);
    return this;
  }

  @Override
  public Conversation property(String key, Object value) {
    pending.put(key, value);
    return this;
  }

  @Override
  public void save() throws Failure {
    // On a plain JVM the SDK's own method sends the text of a Java map. This is what it hands on elsewhere.
    JSONObject changes = new JSONObject(new HashMap<>(pending));
    pending.clear();
    Answer<Map<String, Object>> answer = new Answer<>();
    InternalConfiguration.getOperationTube().updateConversation(client.getClientId(), id(), kind(), changes, json(answer));
    answer.get();
  }

  @Override
  public void refresh() throws Failure {
    perform(sdk::fetchInfoInBackground);
  }

  @Override
  public void setRole(String member, String role) throws Failure {
    perform(done -> sdk.updateMemberRole(member, ConversationMemberRole.fromString(role), done));
  }

  @Override
  public List<MemberInfo> memberInfos(int offset, int limit) throws Failure {
    return infos(found -> sdk.getAllMemberInfo(offset, limit, found));
  }

  @Override
  public List<MemberInfo> memberInfo(String member) throws Failure {
    return infos(found -> sdk.getMemberInfo(member, found));
  }

  private static List<MemberInfo> infos(Consumer<AVIMConversationMemberQueryCallback> question) throws Failure {
    Answer<List<AVIMConversationMemberInfo>> answer = new Answer<>();
    question.accept(new AVIMConversationMemberQueryCallback() {
      @Override
      public void done(List<AVIMConversationMemberInfo> found, AVIMException error) {
        answer.done(found, error);
      }
    });
    List<MemberInfo> infos = new ArrayList<>();
    for (AVIMConversationMemberInfo info : answer.get()) {
      infos.add(new MemberInfo(info.getConversationId(), info.getMemberId(), info.getRole() == null ? null : info.getRole().getName()));
    }
    return infos;
  }

  @Override
  public Outcome silence(List<String> ids) throws Failure {
    return change(done -> sdk.muteMembers(ids, done));
  }

  @Override
  public Outcome unsilence(List<String> ids) throws Failure {
    return change(done -> sdk.unmuteMembers(ids, done));
  }

  @Override
  public Outcome block(List<String> ids) throws Failure {
    return change(done -> sdk.blockMembers(ids, done));
  }

  @Override
  public Outcome unblock(List<String> ids) throws Failure {
    return change(done -> sdk.unblockMembers(ids, done));
  }

  private static Outcome change(Consumer<AVIMOperationPartiallySucceededCallback> operation) throws Failure {
    Answer<Outcome> answer = new Answer<>();
    operation.accept(new AVIMOperationPartiallySucceededCallback() {
      @Override
      public void done(AVIMException error, List<String> done, List<AVIMOperationFailure> refused) {
        answer.done(error == null ? outcome(done, refused) : null, error);
      }
    });
    return answer.get();
  }

  private static Outcome outcome(List<String> done, List<AVIMOperationFailure> refused) {
    return new Outcome(done, refused.stream()
        .map(failure -> new Outcome.Refusal(failure.getCode(), failure.getReason(), List.copyOf(failure.getMemberIds())))
        .toList());
  }

  @Override
  public List<String> silenced(int offset, int limit) throws Failure {
    return page(AVIMOperation.CONVERSATION_MUTED_MEMBER_QUERY, offset, limit);
  }

  @Override
  public List<String> blocked(int offset, int limit) throws Failure {
    return page(AVIMOperation.CONVERSATION_BLOCKED_MEMBER_QUERY, offset, limit);
  }

  private List<String> page(AVIMOperation operation, int offset, int limit) throws Failure {
    Map<String, Object> page = Map.of(
        QUERY_PARAM_OFFSET, offset, QUERY_PARAM_LIMIT, limit);
    return List.of((String[]) ask(operation, page).get(callbackData));
  }
}
