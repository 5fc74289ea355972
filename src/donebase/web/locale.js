// Dates, times and numbers as the person's locale writes them.

import { dateIn, dateOf, dueInstant, isKnownZone, personZone } from "./due.js";
import { personLocale, t } from "./texts.js";

/** @import { Due } from "./due.js" */

const DAY = 86_400_000;

/**
 * Return when a task is due, in few words: "Today", "Tomorrow, 17:00", "Friday", "Tue, 1 Dec", "1 Dec 2027". A time in a
 * zone whose clocks show another time is that of the person's, followed by the time there.
 * @param {Due} due
 */
export function dueWords(due, now = new Date(), zone = personZone()) {
  const day = dayWords(dateOf(due, zone) ?? due.date, now, zone);
  return due.time === null ? day : t("day_and_time", { day, time: timeWords(due, due.time, zone) });
}

/**
 * Return when something happened, in few words.
 * @param {string} iso
 */
export function instantWords(iso, now = new Date(), zone = personZone()) {
  const moment = Date.parse(iso);
  const day = dayWords(dateIn(zone, moment), now, zone);
  return t("day_and_time", { day, time: clockWords(moment, zone, MINUTES) });
}

/**
 * Return when something happened, to the second.
 * @param {string} iso
 */
export function exactWords(iso) {
  return formatter(Intl.DateTimeFormat, EXACT).format(Date.parse(iso));
}

/**
 * Return a number as the locale writes it.
 * @param {number} number
 */
export function numberWords(number) {
  return formatter(Intl.NumberFormat, {}).format(number);
}

/**
 * @param {string} date
 * @param {Date} now
 * @param {string} zone
 */
function dayWords(date, now, zone) {
  const today = dateIn(zone, now.getTime());
  const distance = (Date.parse(date) - Date.parse(today)) / DAY;
  if (Math.abs(distance) <= 1) return capitalized(formatter(Intl.RelativeTimeFormat, NEAR).format(distance, "day"));
  const isNear = distance > 0 && distance < 7;
  const options = isNear ? WEEKDAY : date.slice(0, 4) === today.slice(0, 4) ? DAY_OF_YEAR : WHOLE_DATE;
  return capitalized(formatter(Intl.DateTimeFormat, options).format(Date.parse(date)));
}

/** @type {Intl.RelativeTimeFormatOptions} */
const NEAR = { numeric: "auto" };
/** @type {Intl.DateTimeFormatOptions} */
const EXACT = { dateStyle: "medium", timeStyle: "medium" };
/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const { WEEKDAY, DAY_OF_YEAR, WHOLE_DATE, MINUTES, SECONDS } = {
  WEEKDAY: { weekday: "long", timeZone: "UTC" },
  DAY_OF_YEAR: { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" },
  WHOLE_DATE: { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" },
  MINUTES: { minute: "2-digit" },
  SECONDS: { minute: "2-digit", second: "2-digit" },
};

/**
 * @param {Due} due
 * @param {string} time
 * @param {string} zone
 */
function timeWords(due, time, zone) {
  const precision = time.length > 5 ? SECONDS : MINUTES;
  const asMeant = clockWords(Date.parse(`${due.date}T${time}Z`), "UTC", precision);
  if (due.time_zone === null) return asMeant;
  if (!isKnownZone(due.time_zone)) return t("time_elsewhere", { here: asMeant, there: due.time_zone });
  const moment = Number(dueInstant(due, zone));
  const here = clockWords(moment, zone, precision);
  const there = clockWords(moment, due.time_zone, precision);
  if (here === there && dateIn(zone, moment) === dateIn(due.time_zone, moment)) return here;
  return t("time_elsewhere", {
    here,
    there: clockWords(moment, due.time_zone, { ...precision, timeZoneName: "short" }),
  });
}

/**
 * @param {number} moment
 * @param {string} zone
 * @param {Intl.DateTimeFormatOptions} options
 */
function clockWords(moment, zone, options) {
  const { hourCycle } = formatter(Intl.DateTimeFormat, { hour: "numeric" }).resolvedOptions();
  const hour = hourCycle === "h23" ? "2-digit" : "numeric"; // 08:00 and 8:00 AM
  const words = formatter(Intl.DateTimeFormat, { hour, ...options, timeZone: zone }).format(moment);
  return words.replaceAll(" ", "\u00a0"); // a line does not end before AM or PM
}

/** @param {string} text */
function capitalized(text) {
  const [first = "", ...rest] = text;
  return first.toLocaleUpperCase(personLocale()) + rest.join("");
}

/** @type {Map<string, any>} */
const formatters = new Map();

/**
 * Return a formatter of the person's locale. They are expensive to make.
 * @template T
 * @template O
 * @param {new (locale: string, options: O) => T} Formatter
 * @param {O} options
 * @returns {T}
 */
function formatter(Formatter, options) {
  const name = JSON.stringify([personLocale(), Formatter.name, options]);
  if (!formatters.has(name)) formatters.set(name, new Formatter(personLocale(), options));
  return formatters.get(name);
}
