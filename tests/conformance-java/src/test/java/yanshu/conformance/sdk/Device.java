package yanshu.conformance.sdk;

/** One process with the SDK in it: one installation, one connection, any number of clients. */
public interface Device extends AutoCloseable {
  /** Connects, if it is not connected, and logs in. */
  Client open(String id, Opening how) throws Failure;

  /** Connects and logs in within the SDK's own notice of the connection, before the SDK has sent anything itself. */
  Client openAtOnce(String id) throws Failure;

  /** Connects again after the connection was lost; the SDK then brings its clients back by itself. */
  void connect() throws Failure;

  boolean isConnected();

  /** Returns when the connection is gone. */
  void awaitDisconnect();

  /** Everything from now on is signed so; null ends it. */
  void signWith(Signer signer);

  /** Logs every client out. False if something is left that would disturb the next user of the device. */
  boolean logOut();

  @Override
  void close();
}
