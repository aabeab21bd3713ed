package yanshu.conformance.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ServerSocketFactory;

/** The network between one device and the server, which a test can cut. With a certificate it ends TLS, as a reverse proxy does. */
public final class Line implements AutoCloseable {
  private final ServerSocket listener;
  private final int target;
  private final boolean secured;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  private Line(ServerSocket listener, int target, boolean secured) {
    this.listener = listener;
    this.target = target;
    this.secured = secured;
  }

  public static Line to(Server server) {
    return open(ServerSocketFactory.getDefault(), server, false);
  }

  /** A line whose near end speaks TLS. */
  public static Line secured(Certificate certificate, Server server) {
    return open(certificate.sockets(), server, true);
  }

  private static Line open(ServerSocketFactory factory, Server server, boolean secured) {
    try {
      Line line = new Line(factory.createServerSocket(0, 50, InetAddress.getByName("127.0.0.1")), server.port(), secured);
      start(line::accept);
      return line;
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** Breaks every connection, as a lost network does; new ones are let through. */
  public void cut() {
    for (Socket socket : sockets) destroy(socket);
  }

  /** Breaks every connection and lets none through until {@link #restore}. */
  public void sever() {
    closed = true;
    cut();
  }

  public void restore() {
    closed = false;
  }

  @Override
  public void close() {
    sever();
    try {
      listener.close();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket near = listener.accept();
        if (closed) {
          destroy(near);
          continue;
        }
        Socket far = new Socket(InetAddress.getByName("127.0.0.1"), target);
        sockets.add(near);
        sockets.add(far);
        if (closed) cut();
        start(() -> pump(near, far, secured));
        start(() -> pump(far, near, false));
      } catch (IOException refused) {
        // The server is down, or the line is closed: nobody gets through.
      }
    }
  }

  /** @param announce whether the first request is to say that it came by TLS, as an operator's proxy lets it say */
  private void pump(Socket from, Socket to, boolean announce) {
    byte[] buffer = new byte[8192];
    try (from; to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      if (announce) {
        for (int next = in.read(); next >= 0; next = in.read()) {
          out.write(next);
          if (next == '\n') break;
        }
        out.write("X-Forwarded-Proto: https\r\n".getBytes(StandardCharsets.US_ASCII));
      }
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        out.write(buffer, 0, read);
        out.flush();
      }
    } catch (IOException broken) {
      // One side went away; both end together.
    } finally {
      sockets.remove(from);
      sockets.remove(to);
    }
  }

  private static void destroy(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException gone) {
      // It was already closed.
    }
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "line");
    thread.setDaemon(true);
    thread.start();
  }
}
