"""What is said about a posted video, and about a message that a member reports."""

from bot.archive.details import Details, Posted
from bot.archive.member_data import DataHandling
from bot.catalog.pricing import Price
from bot.catalog.request import Derivation, VideoRequest
from bot.guilds.consent import Answer, Question
from bot.guilds.settings import PicturesFor
from bot.ids import JobId, UserId
from bot.jobs.job import Job
from bot.ordering.remaking import RemakableShot, Shots
from bot.presentation import answers
from bot.presentation.cards import shape_of
from bot.presentation.escaping import plain, quoted, visible

MAX_PROMPT = 1200
MAX_REASON = 800
NO_VIDEO_OF_MINE = (
    "I can't tell how that was made: it isn't one of my videos, and no file in it says."
    " Choose a message with one of my videos."
)
NOT_REPORTED_TWICE = "You've already reported this message. The moderators have it."
REPORTED = "Thank you. The moderators have your report."
_MORE = "What would you like to do with this video?"
_IN_ONE_PIECE = (
    "Its shots were made in one piece, so none can be re-made by itself: **Again** makes all of"
    " them, and **Remix** changes them."
)
WHERE_TO_SHARE = "Where should I share this video?"
FRAME_POSTED = "Here it is, for everyone. React with 🎬, or use Animate on it, to go on from there."
RECIPE_FOUND = "The file says how it was made. You can change anything before it costs you."
RECIPE_GONE = "This form has expired. Choose Remix video in the message's Apps menu again."
_SWITCH = {
    True: (
        "The files of your new videos say how they were made (prompt, model and options, but not by"
        " whom), so that anyone can remix them. `/privacy recipe write:off` stops that."
    ),
    False: (
        "The files of your new videos don't say how they were made, in any server."
        " Videos that are already posted stay as they are."
    ),
}
NO_VIDEO_THERE = "That message has no video. Choose one that does."
PICTURE_THERE = "That's a picture. Use Animate on it instead."
FORM_SLOW = "I couldn't open the form in time. Try again in a minute."
TOO_LONG_FOR_FORM = (
    "This prompt is too long for a form, which holds 4,000 characters. Use `/video`."
)
OTHERS_STAY = "You pay for this shot only. The others stay as they are."
NEXT_STAYS = (
    "You pay for this shot only. The next one stays, and may not start where this one ends."
)
OLD_WORDS = "Leave this empty to make the shot from its old words."
HOLDS = "The prices hold for ten minutes."
MESSAGE_GONE = "That message is gone, so there's nothing to report."
_DERIVED = {
    Derivation.AGAIN: "Made again from",
    Derivation.REMIX: "Remix of",
    Derivation.EXTEND: "Continues",
    Derivation.LOOP: "Loop of",
    Derivation.BETTER: "Made better than",
    Derivation.REMAKE: "One shot made again of",
}


def more(shots: Shots) -> str:
    """The question above the rarer actions, with why a shot can't be re-made by itself."""
    return f"{_MORE}\n{_IN_ONE_PIECE}" if shots is Shots.TOGETHER else _MORE


def recipe_switch(*, is_on: bool) -> str:
    """Answer to the switch for recipes in a member's files."""
    return _SWITCH[is_on]


_PICTURES = {
    PicturesFor.ANYONE: "Anyone may make videos from your pictures, in every server.",
    PicturesFor.ASK: (
        "I ask you before anyone makes a video from a picture of yours, in every server."
        " You're asked once for each picture and member, and no answer within a day means no."
    ),
    PicturesFor.NO_ONE: "No one but you may make videos from your pictures, in any server.",
}
_PICTURES_DEFAULT = {
    PicturesFor.ANYONE: "anyone may make videos from your pictures",
    PicturesFor.ASK: "I ask you before anyone makes a video from a picture of yours",
    PicturesFor.NO_ONE: "no one but you may make videos from your pictures",
}
PICTURES_NOT_CHOSEN = (
    "You haven't chosen who may make videos from your pictures, so each server's default counts."
    " `/privacy pictures` with `who` changes that."
)
PICTURES_FROM_NOW = "This counts from now on. Videos that were requested before stay."
MEMBER_DATA = (
    "Everything that I store about you, in every server. Times are in UTC, amounts in millionths of a"
    " dollar. Your videos and pictures themselves are in the messages that the file names."
)
_POLICY = """**What I store about you, and why**
- **Your requests**: prompt, model, options, pictures, channel, time and price, to make your videos, to show how they were made and to make them again. They stay.
- **Your pictures and videos**, on the machine that I run on: {kept}. What I post stays on Discord until someone deletes it.
- **Money**: what each video cost, and who paid, by your Discord id. It stays, so that the ledger adds up.
- **What you chose**: limits, favorites, presets, who may use your pictures.

**Who gets it**
- {providers}: the prompt and pictures of each video that they make. Their own policies say what they keep.
- Discord shows my messages to those who can read the channel. This server's admins see what videos cost, and for whom.
- The people who run me can read all of it. No one else gets it.

**What you can do**
`/privacy export` gives you all of it as a file. `/privacy pictures` sets who may use your pictures. To have it deleted, ask the people who run me."""
CHANGE_PICTURES = "-# `/privacy pictures` changes who may make videos from your pictures."


PICTURE_ANSWERS = {
    Answer.ALLOWED: "You allowed it. I'm telling them.",
    Answer.DECLINED: "You declined. You won't be asked about this picture by them again.",
}


def pictures_choice(choice: PicturesFor | None, default: PicturesFor | None) -> str:
    """Who may make videos from a member's pictures; `default` is that of the server they are in."""
    if choice is not None:
        return _PICTURES[choice]
    here = "" if default is None else f" In this server, {_PICTURES_DEFAULT[default]}."
    return f"{PICTURES_NOT_CHOSEN}{here}"


def picture_question(question: Question) -> str:
    """Ask the owner of a picture, who alone is mentioned."""
    until = f"<t:{int(question.expires_at.timestamp())}:R>"
    return (
        f"<@{question.owner.user_id}>, <@{question.requester_id}> would like to make a video from"
        f" {_picture_of(question)}. Only you can answer. The question expires {until}, and no answer"
        f" means no.\n{CHANGE_PICTURES}"
    )


def picture_answered(question: Question) -> str:
    """What stands in the place of a question after its answer."""
    owner, requester = f"<@{question.owner.user_id}>", f"<@{question.requester_id}>"
    if question.answer is Answer.ALLOWED:
        return f"✅ {owner} allowed {requester} to make videos from {_picture_of(question, is_owner=False)}."
    return f"🚫 {owner} doesn't want {requester} to make videos from {_picture_of(question, is_owner=False)}."


def picture_allowed(question: Question) -> str:
    """Tell the requester, who alone is mentioned."""
    return (
        f"<@{question.requester_id}>, <@{question.owner.user_id}> allowed you to make videos from"
        f" {_picture_of(question, is_owner=False)}. Ask for your video again; nothing was charged so far."
    )


def _picture_of(question: Question, *, is_owner: bool = True) -> str:
    """Link the picture where its message is in the same server."""
    message = question.owner.message
    if message.partition("/")[0] != str(question.guild_id):
        return "a picture of yours" if is_owner else "a picture of theirs"
    url = f"https://discord.com/channels/{message}"
    return f"[your picture]({url})" if is_owner else f"[this picture]({url})"


def text_of(details: Details) -> str:
    """Details of a video: how it was made, its price and its link."""
    job = details.job
    prompt = plain(job.request.prompt, most=MAX_PROMPT)
    parts = [
        f"> {prompt}" if prompt else None,
        f"**Model** {quoted(details.model_name, most=100)}",
        f"**Video** {_options(job.request)}",
        _optional("Leaves out", job.request.negative_prompt),
        None if job.request.seed is None else f"**Seed** {job.request.seed}",
        f"**Price** {answers.cost(Price(job.cost_micros, job.cost_is_estimate))}",
        f"**Made by** <@{job.user_id}> on <t:{int(job.accepted_at.timestamp())}:f>",
        _parent(job, details.parent),
        None if details.posted is None else f"**Link** {details.posted.url}",
        f"-# Job {job.id}",
    ]
    return "\n".join(part for part in parts if part)


def text_of_recipe(request: VideoRequest) -> str:
    """Details from a video's file, which anyone may have written."""
    prompt = plain(request.prompt, most=MAX_PROMPT)
    parts = [
        f"> {prompt}",
        f"**Model** {quoted(request.model_id, most=100)}",
        f"**Video** {_options(request)}",
        _optional("Leaves out", request.negative_prompt),
        None if request.seed is None else f"**Seed** {request.seed}",
        "-# This is what the file says; I have no record of it here.",
    ]
    return "\n".join(part for part in parts if part)


def _options(request: VideoRequest) -> str:
    pictures = len(request.pictures)
    parts = [
        answers.length_of(request),
        _value(request.resolution),
        _value(shape_of(request)),
        "with sound" if request.audio else None,
        _pictures(pictures) if pictures else None,
    ]
    return ", ".join(part for part in parts if part) or "as the model chooses"


def _value(text: str | None) -> str | None:
    """Escape an option's value; one from a file may be any text."""
    return None if text is None else quoted(text, most=40)


def _pictures(count: int) -> str:
    return "from a picture" if count == 1 else f"from {count} pictures"


def _optional(name: str, text: str | None) -> str | None:
    return None if not text else f"**{name}** {plain(text, most=200)}"


def _parent(job: Job, posted: Posted | None) -> str | None:
    parent = job.request.parent
    if parent is None:
        return None
    where = "a video that is no longer here" if posted is None else posted.url
    return f"**{_DERIVED[parent.derivation]}** {where}"


def shared(posted: Posted, sharer: UserId) -> str:
    """Message that shares a video in another channel; mentions the sharer without a ping."""
    return f"<@{sharer}> shared a video: {posted.url}"


def extended(total_seconds: float | None, text: str) -> str:
    """Answer to an extension, with the whole length."""
    if total_seconds is None:
        return text
    return f"{text}\nThe whole video will be {total_seconds:.0f} s long."


def other_model(name: str, usual: str) -> str:
    """Note that another model makes a loop or an extension."""
    return f"{name} makes this video, because {usual} can't be used for it."


def shot_to_remake(shot: RemakableShot) -> tuple[str, str]:
    """Label and description of a shot in a form."""
    words = " ".join(visible(shot.prompt).split())
    price = "" if shot.price is None else f"for {answers.cost(shot.price)}"
    missing = "missing in this video" if shot.is_missing else ""
    return f"Shot {shot.number}: {words}", ", ".join(part for part in (missing, price) if part)


def remaking(number: int, text: str, *, leads_on: bool = False) -> str:
    """Answer to re-making a shot; it `leads_on` if the next one started from its last frame."""
    stay = f"Only shot {number} is made again; the others stay as they are."
    if leads_on:
        stay += f" Shot {number + 1} won't start from its last frame, so you may see a cut there."
    return f"{stay}\n{text}"


def frame(which: str, job_id: JobId, posted: Posted | None, asker: UserId) -> str:
    """Text above a frame of a video, posted in public so that it can be animated."""
    where = f"job {job_id}" if posted is None else posted.url
    return f"The {which} of {where}, taken by <@{asker}>"


def report(posted: Posted, reporter: UserId, author: UserId | None, reason: str) -> str:
    """Report for the log channel."""
    whose = "a message" if author is None else f"a message of <@{author}>"
    lines = [f"🚩 <@{reporter}> reported {whose}: {posted.url}"]
    said = quoted(reason, most=MAX_REASON)
    return "\n".join([*lines, *([f"> {said}"] if said else [])])


def better(name: str, cost: Price, higher: Price) -> str:
    """Label of a better model's button: its price, and the difference."""
    more = Price(higher.cost_micros - cost.cost_micros)
    return f"{name} · {answers.cost(higher)} (+{answers.cost(more)})"


def to_choose_better(cost: Price) -> str:
    """Question above the buttons of better models."""
    return (
        f"This video costs {answers.cost(cost)} as it is. These models can make it better, from the"
        " same prompt and pictures, and the same seed if they use one."
        f" You won't be charged unless you press a button. {HOLDS}"
    )


def policy(handling: DataHandling) -> str:
    """What is done with members' data here."""
    days = handling.keep_videos_for.days
    kept = "kept until the people who run me delete them"
    if days:
        kept = f"deleted {days} day{'' if days == 1 else 's'} after the video was posted"
    names = list(handling.providers) or ["The video services"]
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return _POLICY.format(kept=kept, providers=f"**{listed}**")
