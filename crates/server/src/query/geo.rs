//! Points on the earth (B-364).

use serde_json::Value;

/// Mean radius of the earth in kilometres and in miles, as the official SDKs have it.
pub(super) const EARTH_KILOMETRES: f64 = 6371.0;
pub(super) const EARTH_MILES: f64 = 3958.8;

/// A place, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    latitude: f64,
    longitude: f64,
}

impl Point {
    /// Reads `{"__type": "GeoPoint", "latitude": .., "longitude": ..}`; `None` for anything else.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        if map.get("__type")?.as_str()? != "GeoPoint" {
            return None;
        }
        let (latitude, longitude) = (map.get("latitude")?.as_f64()?, map.get("longitude")?.as_f64()?);
        let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        on_earth.then_some(Self { latitude, longitude })
    }

    /// The angle between two places in radians, by the haversine formula.
    pub(super) fn radians_to(self, other: Self) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let north = ((to - from) / 2.0).sin();
        let east = ((other.longitude - self.longitude).to_radians() / 2.0).sin();
        let square = north * north + from.cos() * to.cos() * east * east;
        2.0 * square.sqrt().min(1.0).asin()
    }
}

/// A box between two corners. One whose western edge is east of its eastern edge crosses the date line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    southwest: Point,
    northeast: Point,
}

impl Area {
    /// Reads `[southwest, northeast]`.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let [southwest, northeast] = value.as_array()?.as_slice() else { return None };
        Some(Self { southwest: Point::from_json(southwest)?, northeast: Point::from_json(northeast)? })
    }

    /// Whether the place is inside; the edges are.
    pub(super) fn contains(&self, point: Point) -> bool {
        let (west, east) = (self.southwest.longitude, self.northeast.longitude);
        let between = if west <= east {
            (west..=east).contains(&point.longitude)
        } else {
            point.longitude >= west || point.longitude <= east
        };
        between && (self.southwest.latitude..=self.northeast.latitude).contains(&point.latitude)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn point(latitude: f64, longitude: f64) -> Point {
        Point { latitude, longitude }
    }

    #[test]
    fn the_distance_between_beijing_and_shanghai_is_about_1067_kilometres() {
        let radians = point(39.9042, 116.4074).radians_to(point(31.2304, 121.4737));
        assert!((radians * EARTH_KILOMETRES - 1067.0).abs() < 2.0);
        assert!((radians * EARTH_MILES - 663.0).abs() < 2.0);
    }

    #[test]
    fn opposite_places_are_half_a_turn_apart() {
        assert!((point(0.0, 0.0).radians_to(point(0.0, 180.0)) - std::f64::consts::PI).abs() < 1e-9);
    }

    #[test]
    fn a_point_off_the_earth_is_no_point() {
        assert_eq!(Point::from_json(&json!({"__type": "GeoPoint", "latitude": 91, "longitude": 0})), None);
        assert_eq!(Point::from_json(&json!({"latitude": 1, "longitude": 0})), None);
    }

    #[test]
    fn a_box_may_cross_the_date_line() {
        let fiji = Area { southwest: point(-20.0, 177.0), northeast: point(-15.0, -178.0) };
        assert!(fiji.contains(point(-17.0, 179.0)));
        assert!(fiji.contains(point(-17.0, -179.0)));
        assert!(!fiji.contains(point(-17.0, 0.0)));
    }
}
