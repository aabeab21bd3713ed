package yanshu.conformance.harness;

import java.util.Map;
import java.util.UUID;

/** An app of the server's configuration. {@code settings} are its tables, named as in the behaviour specification. */
public record App(String id, String key, String masterKey, Map<String, Map<String, ?>> settings) {

  static App with(Map<String, Map<String, ?>> settings) {
    return new App("conform-" + random(16), random(24), random(24), settings);
  }

  private static String random(int length) {
    return UUID.randomUUID().toString().replace("-", "").substring(0, length);
  }
}
