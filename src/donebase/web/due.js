// When a task is overdue or due today. The rules are the service's (docs/api.md, "When a task is due").

/** @typedef {{date: string, time: string | null, time_zone: string | null}} Due */

const DAY = 86_400_000;

/** Return the IANA name of the time zone where the person is; UTC where the browser does not know. */
export function personZone() {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return isKnownZone(timeZone) ? timeZone : "UTC";
}

/**
 * Return whether this browser knows a time zone by that name: the service may know more.
 * @param {string | undefined} zone
 */
export function isKnownZone(zone) {
  return zone !== undefined && clockOf(zone) !== null;
}

/**
 * Return whether it is over: a day at its end in the person's zone, a time when it has come in its own zone, or in the
 * person's where it has none. Where the browser does not know its zone, the day before yesterday and earlier is over.
 * @param {Due | null} due
 */
export function isOverdue(due, now = new Date(), zone = personZone()) {
  if (due === null) return false;
  // No place is a day from UTC: few tasks need to be reckoned.
  if (due.date < dateOfClock(now.getTime() - DAY)) return true;
  if (due.date > dateOfClock(now.getTime() + DAY)) return false;
  const moment = dueInstant(due, zone);
  return moment !== null && moment <= now;
}

/**
 * Return whether its day is today in the person's zone, or its instant lies within that day.
 * @param {Due | null} due
 */
export function isToday(due, now = new Date(), zone = personZone()) {
  if (due === null) return false;
  const today = dateIn(zone, now.getTime());
  if (due.time_zone === null) return due.date === today;
  // No two places are more than two days apart.
  const isNear = Math.abs(Date.parse(due.date) - now.getTime()) < 3 * DAY;
  return isNear && dateOf(due, zone) === today;
}

/**
 * Return the day of a due date where the person is; null where its time zone is unknown here.
 * @param {Due} due
 * @returns {string | null} `YYYY-MM-DD`
 */
export function dateOf(due, zone = personZone()) {
  if (due.time_zone === null) return due.date;
  const moment = dueInstant(due, zone);
  return moment && dateIn(zone, moment.getTime());
}

/**
 * Return the moment from which it is overdue; null where its time zone is unknown here. Of a time that occurs twice, as
 * clocks are set back, it is the first; one that does not exist is as if the clocks had not been set forward.
 * @param {Due} due
 */
export function dueInstant(due, zone = personZone()) {
  const place = (due.time !== null && due.time_zone) || zone;
  if (!isKnownZone(place)) return null;
  const clock = Date.parse(`${due.date}T${due.time ?? "00:00"}Z`) + (due.time === null ? DAY : 0);
  const [before, after] = [offset(place, clock - DAY), offset(place, clock + DAY)];
  const isChanged = before !== after && offset(place, clock - before) !== before;
  const isAfter = isChanged && offset(place, clock - after) === after;
  return new Date(clock - (isAfter ? after : before));
}

/**
 * Return the date at a moment in a zone that the browser knows, `YYYY-MM-DD`.
 * @param {string} zone
 * @param {number} moment
 */
export function dateIn(zone, moment) {
  return dateOfClock(moment + offset(zone, moment));
}

/** @param {number} clock the time that a clock shows, as if it were UTC */
function dateOfClock(clock) {
  return new Date(clock).toISOString().slice(0, 10);
}

/** @type {Map<string, Intl.DateTimeFormat | null>} */
const clocks = new Map();

/**
 * Return what tells the offset of a zone; null where the browser does not know the zone. They are expensive to make.
 * @param {string} zone
 */
function clockOf(zone) {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    try {
      clock = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
    } catch {
      clock = null;
    }
    clocks.set(zone, clock);
  }
  return clock;
}

let latest = { zone: "UTC", moment: 0, offset: 0 };

/**
 * Return by how many milliseconds the clocks of a zone are before those of UTC at a moment.
 * @param {string} zone
 * @param {number} moment
 */
function offset(zone, moment) {
  // Of thousands of tasks, each asks what day it is now.
  if (latest.zone !== zone || latest.moment !== moment) latest = { zone, moment, offset: readOffset(zone, moment) };
  return latest.offset;
}

/**
 * @param {string} zone
 * @param {number} moment
 */
function readOffset(zone, moment) {
  const found = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(clockOf(zone)?.format(moment) ?? "");
  if (!found) return 0;
  const [, sign, hours, minutes, seconds = "0"] = found;
  return Number(`${sign}1000`) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}
