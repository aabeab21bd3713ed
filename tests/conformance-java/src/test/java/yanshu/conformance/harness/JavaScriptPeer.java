package yanshu.conformance.harness;

import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.JSONObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A client of the published JavaScript SDK, in a Node process of its own. */
public final class JavaScriptPeer implements AutoCloseable {
  private final Process process;
  private final PrintStream commands;
  private final BlockingQueue<JSONObject> answers = new LinkedBlockingQueue<>();
  private final List<JSONObject> events = new ArrayList<>();

  private JavaScriptPeer(Process process) {
    this.process = process;
    this.commands = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    Thread reader = new Thread(this::listen, "peer");
    reader.setDaemon(true);
    reader.start();
  }

  /** Logs in a client. */
  public static JavaScriptPeer open(Server server, String id) throws Exception {
    Process process = new ProcessBuilder("node", "src/test/node/peer.mjs").redirectError(ProcessBuilder.Redirect.INHERIT).start();
    JavaScriptPeer peer = new JavaScriptPeer(process);
    peer.ask("open", Map.of("server", server.url(), "appId", server.app().id(), "appKey", server.app().key(), "id", id));
    return peer;
  }

  /** Has it do something, and gives what came of it. */
  public JSONObject ask(String verb, Map<String, Object> given) throws InterruptedException {
    Map<String, Object> command = new HashMap<>(given);
    command.put("verb", verb);
    commands.println(JSON.toJSONString(command));
    JSONObject line = answers.poll(Patience.FOR_AN_ANSWER.toSeconds(), TimeUnit.SECONDS);
    if (line == null || !line.containsKey("answer")) throw new AssertionError(verb + " in JavaScript: " + line);
    return line.getJSONObject("answer");
  }

  /** The first event of a kind that fits, there already or still to come. */
  public synchronized JSONObject await(String event, Predicate<JSONObject> fits) throws InterruptedException {
    long end = System.nanoTime() + Patience.FOR_AN_EVENT.toNanos();
    while (true) {
      for (JSONObject each : events) if (event.equals(each.getString("event")) && fits.test(each)) return each;
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) throw new AssertionError("no " + event + " in JavaScript among " + events);
      wait(left);
    }
  }

  private void listen() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JSONObject said = JSON.parseObject(line);
        if (said.containsKey("event")) add(said);
        else answers.add(said);
      }
    } catch (IOException ended) {
      // The process is gone; whoever waits for it says so.
    }
  }

  private synchronized void add(JSONObject event) {
    events.add(event);
    notifyAll();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
