"""The names of months, days and parts of the day in the languages that a calendar speaks, as each language writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["en", "de", "fr", "es", "it", "nl", "pt", "pl", "tr"]


@dataclass(frozen=True)
class Names:
    """The months from January, the days from Monday, and the four parts of the day from midnight."""

    months: tuple[str, ...]
    days: tuple[str, ...]
    parts_of_day: tuple[str, ...]


def _names(months: str, days: str, parts_of_day: str) -> Names:
    return Names(*(tuple(names.split(", ")) for names in (months, days, parts_of_day)))


ENGLISH = _names(
    "January, February, March, April, May, June, July, August, September, October, November, December",
    "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday",
    "Night, Morning, Afternoon, Evening",
)
LANGUAGES: Mapping[Language, Names] = {
    "en": ENGLISH,
    "de": _names(
        "Januar, Februar, März, April, Mai, Juni, Juli, August, September, Oktober, November, Dezember",
        "Montag, Dienstag, Mittwoch, Donnerstag, Freitag, Samstag, Sonntag",
        "Nacht, Vormittag, Nachmittag, Abend",
    ),
    "fr": _names(
        "janvier, février, mars, avril, mai, juin, juillet, août, septembre, octobre, novembre, décembre",
        "lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche",
        "nuit, matin, après-midi, soir",
    ),
    "es": _names(
        "enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre",
        "lunes, martes, miércoles, jueves, viernes, sábado, domingo",
        "madrugada, mañana, tarde, noche",
    ),
    "it": _names(
        "gennaio, febbraio, marzo, aprile, maggio, giugno, luglio, agosto, settembre, ottobre, novembre, dicembre",
        "lunedì, martedì, mercoledì, giovedì, venerdì, sabato, domenica",
        "notte, mattina, pomeriggio, sera",
    ),
    "nl": _names(
        "januari, februari, maart, april, mei, juni, juli, augustus, september, oktober, november, december",
        "maandag, dinsdag, woensdag, donderdag, vrijdag, zaterdag, zondag",
        "nacht, ochtend, middag, avond",
    ),
    "pt": _names(
        "janeiro, fevereiro, março, abril, maio, junho, julho, agosto, setembro, outubro, novembro, dezembro",
        "segunda-feira, terça-feira, quarta-feira, quinta-feira, sexta-feira, sábado, domingo",
        "madrugada, manhã, tarde, noite",
    ),
    "pl": _names(
        "styczeń, luty, marzec, kwiecień, maj, czerwiec, lipiec, sierpień, wrzesień, październik, listopad, grudzień",
        "poniedziałek, wtorek, środa, czwartek, piątek, sobota, niedziela",
        "noc, rano, popołudnie, wieczór",
    ),
    "tr": _names(
        "Ocak, Şubat, Mart, Nisan, Mayıs, Haziran, Temmuz, Ağustos, Eylül, Ekim, Kasım, Aralık",
        "Pazartesi, Salı, Çarşamba, Perşembe, Cuma, Cumartesi, Pazar",
        "gece, sabah, öğleden sonra, akşam",
    ),
}
