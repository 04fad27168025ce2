// «Nå: Dagligstue Nord · 8 s siden»; likely and unknown are words, and unknown says where to look.
import { secondsSince, spoken } from "../core/age";
import { type AnyPlace, howSure } from "../core/place";
import { useWords } from "./words";

interface WhereProps {
  place: AnyPlace;
  hubNow: number;
}

export function Where({ place, hubNow }: WhereProps) {
  const words = useWords();
  const known = howSure(place, hubNow);
  const age = place.seen_at
    ? spoken(secondsSince(place.seen_at, hubNow), words.contact.hour)
    : null;
  return (
    <div
      className="place"
      data-testid="place"
      data-known={known}
      data-elsewhere={("elsewhere" in place && place.elsewhere && known !== "unknown") || undefined}
    >
      {known === "unknown" || place.room === null || age === null ? (
        <p>{words.place.unknown}</p>
      ) : (
        <p>{words.place[known](place.room, age)}</p>
      )}
      {known === "unknown" && place.room !== null && age !== null && (
        <p className="quiet">{words.place.last(place.room, age)}</p>
      )}
      {known !== "certain" && place.look.length > 0 && (
        <p className="quiet">{words.place.look(place.look.join(", "))}</p>
      )}
    </div>
  );
}
