package yanshu.conformance.sdk;

import java.util.Collection;
import java.util.List;

/** The SDK's conversation query, method for method. */
public interface Search {
  /** A place on Earth, in degrees. */
  record Point(double latitude, double longitude) {}

  Search withMembers(List<String> ids, boolean includeSelf);

  Search containsMembers(List<String> ids);

  Search whereEqualTo(String key, Object value);

  Search whereNotEqualsTo(String key, Object value);

  Search whereLessThan(String key, Object value);

  Search whereLessThanOrEqualsTo(String key, Object value);

  Search whereGreaterThan(String key, Object value);

  Search whereGreaterThanOrEqualsTo(String key, Object value);

  Search whereContainsIn(String key, Collection<?> values);

  Search whereNotContainsIn(String key, Collection<?> values);

  Search whereContainsAll(String key, Collection<?> values);

  Search whereSizeEqual(String key, int size);

  Search whereExists(String key);

  Search whereDoesNotExist(String key);

  Search whereContains(String key, String part);

  Search whereStartsWith(String key, String start);

  Search whereEndsWith(String key, String end);

  Search whereMatches(String key, String pattern);

  Search whereMatches(String key, String pattern, String modifiers);

  Search whereNear(String key, Point point);

  Search whereWithinKilometers(String key, Point point, double distance);

  Search whereWithinGeoBox(String key, Point southwest, Point northeast);

  Search limit(int limit);

  Search skip(int skip);

  Search orderByAscending(String key);

  Search orderByDescending(String key);

  Search addAscendingOrder(String key);

  Search addDescendingOrder(String key);

  Search setWithLastMessagesRefreshed(boolean wanted);
}
