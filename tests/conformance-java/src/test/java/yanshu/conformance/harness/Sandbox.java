package yanshu.conformance.harness;

import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import yanshu.conformance.sdk.Device;

/**
 * A copy of the SDK of its own. The SDK keeps its connection, its installation and its clients in static fields, one of each for a
 * process; loaded again it is another process, and so another device. Only the interfaces of {@code sdk} are common to all copies.
 */
final class Sandbox extends URLClassLoader {
  private static final String DRIVER = "yanshu.conformance.java6.SdkDevice";

  private Sandbox(URL[] classPath) {
    super(classPath, Sandbox.class.getClassLoader());
  }

  /** A device that keeps its files in {@code folder}. */
  static Device device(App app, String serverUrl, String socketUrl, Path folder) {
    try {
      Files.createDirectories(folder);
      Class<?> driver = new Sandbox(classPath()).loadClass(DRIVER);
      return (Device) driver.getConstructor(App.class, String.class, String.class, Path.class).newInstance(app, serverUrl, socketUrl, folder);
    } catch (ReflectiveOperationException | IOException error) {
      throw new IllegalStateException("the SDK cannot be loaded", error);
    }
  }

  private static URL[] classPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator)).map(Sandbox::toUrl).toArray(URL[]::new);
  }

  private static URL toUrl(String entry) {
    try {
      return Path.of(entry).toUri().toURL();
    } catch (MalformedURLException error) {
      throw new IllegalArgumentException(entry, error);
    }
  }

  private static boolean isShared(String name) {
    return name.startsWith("java.") || name.startsWith("yanshu.conformance.sdk.") || name.startsWith("yanshu.conformance.harness.");
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (isShared(name)) return super.loadClass(name, resolve);
    synchronized (getClassLoadingLock(name)) {
      Class<?> known = findLoadedClass(name);
      if (known != null) return known;
      try {
        return findClass(name);
      } catch (ClassNotFoundException elsewhere) {
        return super.loadClass(name, resolve);
      }
    }
  }
}
