package yanshu.conformance.java6;

import cn.leancloud.im.v2.AVIMConversationsQuery;
import cn.leancloud.types.AVGeoPoint;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import yanshu.conformance.sdk.Search;

/** A {@link Search} whose methods call those of the same name of the SDK's query. */
final class SdkSearch {
  private SdkSearch() {}

  static Search over(AVIMConversationsQuery query) {
    return (Search) Proxy.newProxyInstance(SdkSearch.class.getClassLoader(), new Class<?>[] {Search.class}, (self, method, arguments) -> {
      call(query, method, arguments);
      return self;
    });
  }

  private static void call(AVIMConversationsQuery query, Method method, Object[] arguments) throws ReflectiveOperationException {
    Class<?>[] types = Arrays.stream(method.getParameterTypes()).map(type -> type == Search.Point.class ? AVGeoPoint.class : type).toArray(Class<?>[]::new);
    Object[] values = Arrays.stream(arguments).map(SdkSearch::toSdk).toArray();
    try {
      query.getClass().getMethod(method.getName(), types).invoke(query, values);
    } catch (InvocationTargetException refused) {
      throw new IllegalArgumentException(refused.getCause());
    }
  }

  private static Object toSdk(Object value) {
    return value instanceof Search.Point point ? new AVGeoPoint(point.latitude(), point.longitude()) : value;
  }
}
