package yanshu.conformance.sdk;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import yanshu.conformance.harness.Inbox;

/** A logged-in client. */
public interface Client {
  String id();

  /** What the client was told. */
  Inbox inbox();

  boolean isOpen();

  void close() throws Failure;

  /** Those of {@code ids} that are online. */
  List<String> online(List<String> ids) throws Failure;

  /** Asks for a new session token. */
  void renewToken() throws Failure;

  /** A conversation with these members and this client, one of its own each time. */
  Conversation create(List<String> members) throws Failure;

  /** {@code unique}: the conversation that exactly these members already have, if there is one. */
  Conversation create(List<String> members, String name, Map<String, Object> attributes, boolean unique) throws Failure;

  Conversation createRoom(String name, Map<String, Object> attributes) throws Failure;

  /** @param seconds how long it is to live */
  Conversation createTemporary(List<String> members, int seconds) throws Failure;

  /** The conversation as the server has it now. */
  Conversation fetch(String id) throws Failure;

  /** A chat room by its id, not asked for. */
  Conversation room(String id);

  /** A service conversation by its id, not asked for. */
  Conversation service(String id);

  /** Conversations by the SDK's own query. */
  List<Conversation> find(UnaryOperator<Search> build) throws Failure;

  /** Conversations that fit one of several queries. */
  List<Conversation> findAny(List<UnaryOperator<Search>> builds) throws Failure;

  /** Chat rooms by the SDK's own query. */
  List<Conversation> findRooms(UnaryOperator<Search> build) throws Failure;

  /** Service conversations by the SDK's own query. */
  List<Conversation> findServices(UnaryOperator<Search> build) throws Failure;
}
