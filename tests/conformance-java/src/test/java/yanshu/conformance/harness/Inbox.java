package yanshu.conformance.harness;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import yanshu.conformance.sdk.Event;

/**
 * Everything one client was told, in order. Tests ask for what must be there, whether it is there already or still to come, so
 * that no test depends on who is faster.
 */
public final class Inbox {
  private final String owner;
  private final List<Event> all = new ArrayList<>();

  public Inbox(String owner) {
    this.owner = owner;
  }

  public synchronized void put(Event event) {
    all.add(event);
    notifyAll();
  }

  /** A position: only what comes after it counts. */
  public synchronized int mark() {
    return all.size();
  }

  /** The events of one kind so far. */
  public List<Event> list(Event.Kind kind) {
    return list(kind, event -> true);
  }

  public List<Event> list(Event.Kind kind, Predicate<Event> fits) {
    return found(kind, fits, 0);
  }

  /** The first event of a kind. */
  public Event get(Event.Kind kind) {
    return get(kind, event -> true);
  }

  /** The first event of a kind that fits. */
  public Event get(Event.Kind kind, Predicate<Event> fits) {
    return get(kind, fits, 0);
  }

  public Event get(Event.Kind kind, Predicate<Event> fits, int after) {
    return take(kind, fits, 1, after).get(0);
  }

  /** The first {@code count} events of a kind that fit. */
  public synchronized List<Event> take(Event.Kind kind, Predicate<Event> fits, int count, int after) {
    long end = System.nanoTime() + Patience.FOR_AN_EVENT.toNanos();
    List<Event> found = found(kind, fits, after);
    while (found.size() < count) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) throw new AssertionError(owner + " waited for " + count + " × " + kind + "; " + found.size() + " came, among " + all);
      try {
        wait(left);
      } catch (InterruptedException error) {
        throw new AssertionError(owner + " was interrupted while it waited for " + kind + " among " + all, error);
      }
      found = found(kind, fits, after);
    }
    return found.subList(0, count);
  }

  private synchronized List<Event> found(Event.Kind kind, Predicate<Event> fits, int after) {
    return all.stream().skip(after).filter(event -> event.kind() == kind && fits.test(event)).toList();
  }
}
