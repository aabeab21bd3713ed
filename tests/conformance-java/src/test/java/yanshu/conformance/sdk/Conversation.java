package yanshu.conformance.sdk;

import java.util.Date;
import java.util.List;
import java.util.Map;

/** A conversation in the hands of one client. Properties are what the SDK has; methods ask the server. */
public interface Conversation {
  String id();

  String name();

  String creator();

  List<String> members();

  /** A custom attribute, one of {@code attr}. */
  Object attribute(String key);

  /** A property at the top of the conversation, beside {@code attr}. */
  Object property(String key);

  Date createdAt();

  Date updatedAt();

  Message lastMessage();

  Date lastMessageAt();

  int unread();

  boolean unreadMentionsMe();

  boolean isRoom();

  boolean isTemporary();

  boolean isService();

  /** Seconds since 1970. */
  long expiresAt();

  Message send(String text) throws Failure;

  Message send(Draft draft) throws Failure;

  /** Sends and does not wait for an answer. */
  void sendAndForget(Draft draft);

  /** Sends an SDK message object again, as an app does whose answer was lost. */
  Message sendAgain(Message sent) throws Failure;

  Message edit(Message sent, Draft draft) throws Failure;

  Message recall(Message sent) throws Failure;

  List<Message> history(int limit) throws Failure;

  List<Message> historyBefore(Message message, int limit) throws Failure;

  List<Message> historyOfType(int type, int limit) throws Failure;

  /** A stretch of history; either end may be null. */
  List<Message> history(Bound start, Bound end, boolean forward, int limit) throws Failure;

  void join() throws Failure;

  void quit() throws Failure;

  void add(List<String> ids) throws Failure;

  void kick(List<String> ids) throws Failure;

  int count() throws Failure;

  void mute() throws Failure;

  void unmute() throws Failure;

  /** Marks everything received as read. */
  void read();

  /** What others received and read, as the server has it. */
  Receipts fetchReceipts() throws Failure;

  long lastReadAt();

  long lastDeliveredAt();

  Conversation name(String name);

  /** Sets a custom attribute, to be saved. */
  Conversation attribute(String key, Object value);

  /** Sets a property or applies an operation to it, to be saved. */
  Conversation property(String key, Object value);

  void save() throws Failure;

  void refresh() throws Failure;

  /** @param role {@code Manager} or {@code Member} */
  void setRole(String member, String role) throws Failure;

  List<MemberInfo> memberInfos(int offset, int limit) throws Failure;

  List<MemberInfo> memberInfo(String member) throws Failure;

  Outcome silence(List<String> ids) throws Failure;

  Outcome unsilence(List<String> ids) throws Failure;

  List<String> silenced(int offset, int limit) throws Failure;

  Outcome block(List<String> ids) throws Failure;

  Outcome unblock(List<String> ids) throws Failure;

  List<String> blocked(int offset, int limit) throws Failure;

  /** The operations of the storage service, for use as a value: {@code {"__op": …}}. */
  static Map<String, Object> operation(String name, String key, Object value) {
    return key == null ? Map.of("__op", name) : Map.of("__op", name, key, value);
  }
}
