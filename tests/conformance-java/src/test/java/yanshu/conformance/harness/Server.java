package yanshu.conformance.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/** One yanshu server as an operator runs it: a configuration file, a data folder, a process. */
public final class Server implements AutoCloseable {
  private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
  private static final Path BINARY = ROOT.resolve(Optional.ofNullable(System.getenv("YANSHU_BIN")).orElse("target/debug/yanshu"));
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  /** Rate limits would only be in the way of everything that is not about them. */
  private static final Map<String, ?> UNLIMITED = Map.of("messages_per_minute", 0, "history_per_minute", 0, "others_per_minute", 0);

  /** The Java SDK always asks for TLS; this lets it have a server without. */
  private static final Map<String, ?> WITHOUT_TLS = Map.of("insecure", true);

  private final Path folder;
  private final int port;
  private final App app;
  private final Map<String, Map<String, ?>> tables;
  private Process process;

  private Server(Path folder, int port, App app, Map<String, Map<String, ?>> tables) {
    this.folder = folder;
    this.port = port;
    this.app = app;
    this.tables = tables;
  }

  /** Starts a server with one app. {@code settings} are the app's tables, {@code tables} those of the server. */
  public static Server start(Map<String, Map<String, ?>> settings, Map<String, Map<String, ?>> tables) {
    try {
      Map<String, Map<String, ?>> ofApp = new TreeMap<>(settings);
      ofApp.putIfAbsent("limits", UNLIMITED);
      Map<String, Map<String, ?>> ofServer = new TreeMap<>(tables);
      ofServer.putIfAbsent("route", WITHOUT_TLS);
      Server server = new Server(Files.createTempDirectory("yanshu-conformance-"), freePort(), App.with(ofApp), ofServer);
      server.start();
      return server;
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }

  public App app() {
    return app;
  }

  public int port() {
    return port;
  }

  /** The address an app is given. */
  public String url() {
    return "http://127.0.0.1:" + port;
  }

  public void start() {
    try {
      Path file = folder.resolve("yanshu.toml");
      Files.writeString(file, toml());
      process = new ProcessBuilder(BINARY.toString(), "serve", "--config", file.toString())
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
          .start();
      awaitHealth();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private Path log() {
    return folder.resolve("log");
  }

  private void awaitHealth() throws IOException {
    HttpRequest question = HttpRequest.newBuilder(URI.create(url() + "/health")).timeout(Duration.ofSeconds(5)).build();
    long end = System.nanoTime() + Patience.FOR_A_PROCESS.toNanos();
    while (System.nanoTime() < end) {
      if (!process.isAlive()) throw new IllegalStateException("the server ended at once:\n" + Files.readString(log()));
      try {
        if (HTTP.send(question, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) return;
      } catch (IOException notYet) {
        // The process has not bound its port.
      } catch (InterruptedException error) {
        throw new IllegalStateException("interrupted while the server started", error);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
    throw new IllegalStateException("the server did not start:\n" + Files.readString(log()));
  }

  /** Loses everything it knew. The server must not be running. */
  public void forget() {
    Folders.delete(folder.resolve("data"));
  }

  /** SIGTERM, as a service manager stops it. */
  public void stop() {
    process.destroy();
    awaitEnd();
  }

  /** kill -9. */
  public void kill() {
    process.destroyForcibly();
    awaitEnd();
  }

  private void awaitEnd() {
    try {
      if (!process.waitFor(Patience.FOR_A_PROCESS.toSeconds(), TimeUnit.SECONDS)) throw new IllegalStateException("the server does not end");
    } catch (InterruptedException error) {
      throw new IllegalStateException("interrupted while the server ended", error);
    }
  }

  /** A request of the app's own server, with the master key. */
  public HttpResponse<String> rest(String method, String path, String body) throws IOException, InterruptedException {
    return HTTP.send(
        HttpRequest.newBuilder(URI.create(url() + path))
            .header("X-LC-Id", app.id())
            .header("X-LC-Key", app.masterKey() + ",master")
            .header("Content-Type", "application/json")
            .method(method, body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
            .timeout(Patience.FOR_AN_ANSWER)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Override
  public void close() {
    if (process.isAlive()) kill();
    Folders.delete(folder);
  }

  private String toml() {
    List<String> lines = new ArrayList<>();
    lines.add("listen = \"127.0.0.1:" + port + "\"");
    lines.add("data_dir = " + value(folder.resolve("data").toString()));
    tables.forEach((table, values) -> addTable(lines, table, values));
    lines.add("[[apps]]");
    lines.add("id = " + value(app.id()));
    lines.add("key = " + value(app.key()));
    lines.add("master_key = " + value(app.masterKey()));
    app.settings().forEach((table, values) -> addTable(lines, "apps." + table, values));
    return String.join("\n", lines) + "\n";
  }

  private static void addTable(List<String> lines, String table, Map<String, ?> values) {
    lines.add("[" + table + "]");
    values.forEach((key, each) -> lines.add(key + " = " + value(each)));
  }

  private static String value(Object value) {
    if (value instanceof List<?> list) return list.stream().map(Server::value).collect(Collectors.joining(", ", "[", "]"));
    return value instanceof String ? "\"" + value + "\"" : String.valueOf(value);
  }
}
