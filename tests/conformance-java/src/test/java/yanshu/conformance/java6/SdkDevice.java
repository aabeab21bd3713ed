package yanshu.conformance.java6;

import cn.leancloud.AVException;
import cn.leancloud.AVLogger;
import cn.leancloud.Messages.ErrorCommand;
import cn.leancloud.Messages.GenericCommand;
import cn.leancloud.cache.InMemorySetting;
import cn.leancloud.callback.AVCallback;
import cn.leancloud.core.AVOSCloud;
import cn.leancloud.core.AppConfiguration;
import cn.leancloud.im.AVIMOptions;
import cn.leancloud.im.v2.AVIMClient;
import cn.leancloud.im.v2.AVIMClientOpenOption;
import cn.leancloud.im.v2.AVIMException;
import cn.leancloud.im.v2.AVIMMessageManager;
import cn.leancloud.im.v2.callback.AVIMClientCallback;
import cn.leancloud.session.AVConnectionListener;
import cn.leancloud.session.AVConnectionManager;
import com.alibaba.fastjson.parser.ParserConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import yanshu.conformance.harness.App;
import yanshu.conformance.harness.Patience;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Device;
import yanshu.conformance.sdk.Failure;
import yanshu.conformance.sdk.Opening;
import yanshu.conformance.sdk.Signer;

/** This copy of the SDK. There is one such object for each copy. */
public final class SdkDevice implements Device {
  private final Events events = new Events();
  private final Map<String, SdkClient> clients = new LinkedHashMap<>();
  private boolean connected;

  /** @param socketUrl where to connect; null to ask the router at {@code serverUrl} */
  public SdkDevice(App app, String serverUrl, String socketUrl, Path folder) {
    AVOSCloud.setLogLevel(AVLogger.Level.OFF);
    AppConfiguration.configCacheSettings(
        folder + "/persist", folder + "/document", folder + "/file", folder + "/query", folder + "/command", folder + "/stats",
        new InMemorySetting());
    AVOSCloud.initialize(app.id(), app.key(), serverUrl);
    if (socketUrl != null) AVIMOptions.getGlobalOptions().setRtmServer(socketUrl);
    AVIMOptions.getGlobalOptions().setUnreadNotificationEnabled(true);
    // The SDK never takes back a timer. When it goes off, it fails whatever the client is waiting for at that moment.
    AVIMOptions.getGlobalOptions().setTimeoutInSecs(120);
    // The SDK's own notes name classes, which the library that reads them must be allowed to find, and in this copy.
    ParserConfig.getGlobalInstance().addAccept("cn.leancloud.");
    ParserConfig.getGlobalInstance().setDefaultClassLoader(SdkDevice.class.getClassLoader());
    AVIMClient.setClientEventHandler(events.ofClients);
    AVIMMessageManager.registerAVIMMessageType(Sticker.class);
    AVIMMessageManager.registerDefaultMessageHandler(events.ofMessages);
    AVIMMessageManager.setConversationEventHandler(events.ofConversations);
    manager().subscribeDefaultConnectionListener("conformance", watcher());
  }

  private static AVConnectionManager manager() {
    return AVConnectionManager.getInstance();
  }

  /** Told last of all listeners, so that the SDK has dealt with the change when a test goes on. */
  private AVConnectionListener watcher() {
    return new AVConnectionListener() {
      @Override
      public void onWebSocketOpen() {
        setConnected(true);
      }

      @Override
      public void onWebSocketClose() {
        setConnected(false);
      }

      @Override
      public void onMessageArriving(String client, Integer request, GenericCommand command) {}

      @Override
      public void onError(Integer request, ErrorCommand error) {}
    };
  }

  private synchronized void setConnected(boolean now) {
    connected = now;
    notifyAll();
  }

  private synchronized boolean await(boolean wanted) {
    long end = System.nanoTime() + Patience.FOR_AN_EVENT.toNanos();
    while (connected != wanted) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) return false;
      try {
        wait(left);
      } catch (InterruptedException error) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void connect() throws Failure {
    manager().startConnection();
    if (!await(true)) throw new Failure(0, 0, "no connection", null);
  }

  @Override
  public synchronized boolean isConnected() {
    return connected;
  }

  @Override
  public void awaitDisconnect() {
    if (!await(false)) throw new AssertionError("the connection is still there");
  }

  @Override
  public Client open(String id, Opening how) throws Failure {
    connect();
    AVIMClient client = how.tag() == null ? AVIMClient.getInstance(id) : AVIMClient.getInstance(id, how.tag());
    AVIMClientOpenOption option = new AVIMClientOpenOption();
    option.setReconnect(how.reconnect());
    Answer<AVIMClient> answer = new Answer<>();
    client.open(option, of(answer));
    return opened(client, answer);
  }

  @Override
  public Client openAtOnce(String id) throws Failure {
    Answer<AVIMClient> answer = new Answer<>();
    AVIMClient client = AVIMClient.getInstance(id);
    manager().startConnection(new AVCallback<>() {
      @Override
      protected void internalDone0(Object nothing, AVException error) {
        if (error == null) client.open(null, of(answer));
        else answer.done(null, error);
      }
    });
    return opened(client, answer);
  }

  private static AVIMClientCallback of(Answer<AVIMClient> answer) {
    return new AVIMClientCallback() {
      @Override
      public void done(AVIMClient client, AVIMException error) {
        answer.done(client, error);
      }
    };
  }

  private Client opened(AVIMClient client, Answer<AVIMClient> answer) throws Failure {
    answer.get();
    SdkClient opened = new SdkClient(client, events.inbox(client.getClientId()));
    clients.put(client.getClientId(), opened);
    return opened;
  }

  @Override
  public void signWith(Signer signer) {
    AVIMOptions.getGlobalOptions().setSignatureFactory(signer == null ? null : new Signatures(signer));
  }

  @Override
  public boolean logOut() {
    boolean clean = isConnected() && !events.hasAnyoneEnded();
    for (SdkClient client : new ArrayList<>(clients.values())) {
      try {
        clean &= client.isOpen();
        client.close();
      } catch (Failure left) {
        clean = false;
      }
    }
    clients.clear();
    signWith(null);
    return clean && AVIMClient.getClientsCount() == 0;
  }

  @Override
  public void close() {
    manager().cleanup();
  }
}
