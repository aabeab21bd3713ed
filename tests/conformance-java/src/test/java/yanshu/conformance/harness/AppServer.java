package yanshu.conformance.harness;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import yanshu.conformance.sdk.Signer;

/** The app's own server, as far as signing goes: it holds the master key and allows one client one act. */
public final class AppServer implements Signer {
  /** The acts that the app signs. */
  public enum Act { LOGIN, CREATE, CHANGE, BLOCK }

  private final App app;
  private final Predicate<Act> right;
  private UnaryOperator<String> rename = action -> action;

  private AppServer(App app, Predicate<Act> right) {
    this.app = app;
    this.right = right;
  }

  public static AppServer of(App app) {
    return new AppServer(app, act -> true);
  }

  /** One whose signatures for {@code wrong} do not fit. */
  public static AppServer wrongFor(App app, Act wrong) {
    return new AppServer(app, act -> act != wrong);
  }

  /** Signs another name of an act than the SDK's. */
  public AppServer naming(UnaryOperator<String> change) {
    rename = change;
    return this;
  }

  @Override
  public Signature open(String client, List<String> members) {
    return sign(members.isEmpty() ? Act.LOGIN : Act.CREATE, client + ":" + joined(members), null);
  }

  @Override
  public Signature change(String conversation, String client, List<String> members, String action) {
    return sign(Act.CHANGE, client + ":" + conversation + ":" + joined(members), action);
  }

  @Override
  public Signature block(String client, String conversation, List<String> members, String action) {
    return sign(Act.BLOCK, client + ":" + conversation + ":" + joined(members), action);
  }

  private static String joined(List<String> members) {
    return String.join(":", members.stream().sorted().toList());
  }

  private Signature sign(Act act, String what, String action) {
    long timestamp = System.currentTimeMillis() / 1000;
    String nonce = UUID.randomUUID().toString();
    String text = app.id() + ":" + what + ":" + timestamp + ":" + nonce + (action == null ? "" : ":" + rename.apply(action));
    return new Signature(hmac(text), timestamp, right.test(act) ? nonce : "another");
  }

  private String hmac(String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(app.masterKey().getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
      return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException("every JVM has HmacSHA1", error);
    }
  }
}
