package yanshu.conformance.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A certificate for 127.0.0.1 that the whole run trusts, as a device trusts the authority an operator's certificate comes from. */
public final class Certificate {
  private static final String PASSWORD = "changeit";
  private static Certificate own;

  private final SSLContext context;

  private Certificate(SSLContext context) {
    this.context = context;
  }

  /** Made once; must be asked for before anything in the run speaks TLS. */
  public static synchronized Certificate own() {
    if (own == null) own = make();
    return own;
  }

  ServerSocketFactory sockets() {
    return context.getServerSocketFactory();
  }

  private static Certificate make() {
    try {
      Path folder = Files.createTempDirectory("yanshu-certificate-");
      folder.toFile().deleteOnExit();
      Path store = folder.resolve("store.p12");
      Process keytool = new ProcessBuilder(
          Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-alias", "conformance",
          "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=yanshu conformance suite", "-ext", "SAN=IP:127.0.0.1",
          "-validity", "2", "-storetype", "PKCS12", "-storepass", PASSWORD, "-keystore", store.toString())
          .redirectErrorStream(true).start();
      String said = new String(keytool.getInputStream().readAllBytes());
      if (keytool.waitFor() != 0) throw new IllegalStateException(said);
      store.toFile().deleteOnExit();

      KeyStore keys = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(store)) {
        keys.load(in, PASSWORD.toCharArray());
      }
      KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(keys, PASSWORD.toCharArray());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(managers.getKeyManagers(), null, null);

      System.setProperty("javax.net.ssl.trustStore", store.toString());
      System.setProperty("javax.net.ssl.trustStorePassword", PASSWORD);
      return new Certificate(context);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    } catch (GeneralSecurityException | InterruptedException error) {
      throw new IllegalStateException("no certificate", error);
    }
  }
}
