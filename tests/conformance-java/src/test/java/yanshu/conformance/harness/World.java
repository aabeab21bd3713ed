package yanshu.conformance.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import yanshu.conformance.sdk.Client;
import yanshu.conformance.sdk.Device;
import yanshu.conformance.sdk.Failure;
import yanshu.conformance.sdk.Opening;

/** What the tests of a class share: a server with the settings the class asks for, and devices to open clients on. */
public final class World implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
  private static final String RUN = UUID.randomUUID().toString().substring(0, 6);
  private static final AtomicInteger PEOPLE = new AtomicInteger();

  static {
    // Before anything in this process speaks TLS.
    Certificate.own();
  }

  private final Map<String, Map<String, ?>> settings = new TreeMap<>();
  private final Map<String, Map<String, ?>> tables = new TreeMap<>();
  private Server server;
  private Path folder;
  private int devices;

  /** Devices that earlier tests left in order. */
  private final Deque<Device> idle = new ArrayDeque<>();
  private final List<Device> inUse = new ArrayList<>();
  private final List<AutoCloseable> ending = new ArrayList<>();

  /** A setting of the app: table, key and value as in the configuration file. */
  public World app(String table, Map<String, ?> values) {
    settings.put(table, values);
    return this;
  }

  /** A table of the server. */
  public World table(String table, Map<String, ?> values) {
    tables.put(table, values);
    return this;
  }

  public Server server() {
    return server;
  }

  /** A client id nobody else uses. */
  public static String name(String base) {
    return base + "-" + RUN + "-" + PEOPLE.incrementAndGet();
  }

  /** Logs in a client called {@code base}-something on a device of its own. */
  public Client client(String base) throws Failure {
    return device().open(name(base), Opening.plain());
  }

  /** A device for the length of the test, on which nothing else happens. */
  public Device device() {
    Device device = idle.isEmpty() ? newDevice(server.url(), null) : idle.pop();
    inUse.add(device);
    return device;
  }

  /** Such a device whose way to the server the test can cut. */
  public Device device(Line line) {
    return keep(newDevice(server.url(), "ws://127.0.0.1:" + line.port()));
  }

  /** Such a device that is told this address and asks there for the rest. */
  public Device deviceAt(String serverUrl) {
    return keep(newDevice(serverUrl, null));
  }

  public Line line() {
    return keep(Line.to(server));
  }

  /** Ends with the test. */
  public <T extends AutoCloseable> T keep(T thing) {
    ending.add(thing);
    return thing;
  }

  private Device newDevice(String serverUrl, String socketUrl) {
    devices += 1;
    return Sandbox.device(server.app(), serverUrl, socketUrl, folder.resolve("device-" + devices));
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    server = Server.start(settings, tables);
    try {
      folder = Files.createTempDirectory("yanshu-devices-");
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    for (int index = ending.size() - 1; index >= 0; index -= 1) ending.get(index).close();
    ending.clear();
    for (Device device : inUse) {
      if (device.logOut()) idle.push(device);
      else device.close();
    }
    inUse.clear();
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    for (Device device : idle) device.close();
    idle.clear();
    server.close();
    Folders.delete(folder);
  }
}
