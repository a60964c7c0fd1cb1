"""``/v1/recommendations``: what to show, and what was shown."""

from __future__ import annotations

import msgspec

from endcap.core.basis import encode_basis
from endcap.core.request import PageRequest, PageResponse, RecommendRequest, RecommendResponse
from endcap.errors import EndcapError, UnknownName
from endcap.ingest.checked import check_context, decode
from endcap.stores.ports import Decision
from endcap.web.access import check_explain
from endcap.web.limits import MAX_REQUEST_BYTES
from endcap.web.messages import RecordedAnswer
from endcap.web.operations import BROWSER, SERVER, AtOnce, Call, Handler, Operation
from endcap.web.replies import Reply, encoded, reply
from endcap.web.site import RunningShop

_request = msgspec.json.Decoder(RecommendRequest)
_page = msgspec.json.Decoder(PageRequest)

USER_IGNORED = "user_id was left aside: a browser key asks for its session; an identify event from your server joins them"
"""What a browser that names a user is told. Answering for that user would tell one person what another one did."""


SEGMENTS_IGNORED = "context.segments was left aside: which segments a shopper is in, a browser may not say"
"""What a browser that names segments is told: else anybody could ask for the offers of another audience."""

ARMS_IGNORED = "context.arms was left aside: a browser may not choose the arms of experiments"
"""What a browser that names arms is told."""

_NOT_OF_BROWSERS = {"segments": SEGMENTS_IGNORED, "arms": ARMS_IGNORED}


def recommend(call: Call, shop: RunningShop, body: bytes) -> Reply:
    """Answer for one placement."""
    shop.decisions.check_room()
    request, notes = _checked(call, decode(_request, body))
    answer, basis = shop.service.recommend(request)
    answer.notes += notes
    given = encoded(answer)
    shop.decisions.put(Decision(answer.recommendation_id, call.site.clock.now_ms(), encoded(request), given, encode_basis(basis)))
    return Reply(200, given)


def recommend_page(call: Call, shop: RunningShop, body: bytes) -> Reply:
    """Answer for several placements of one page; no item appears twice."""
    page = decode(_page, body)
    shop.decisions.check_room(len(page.requests))
    checked = [_checked(call, request) for request in page.requests]
    requests = tuple(request for request, _ in checked)
    answers = shop.service.page(PageRequest(requests=requests))
    now_ms = call.site.clock.now_ms()
    for (request, notes), (answer, basis) in zip(checked, answers, strict=True):
        answer.notes += notes
        decision = Decision(answer.recommendation_id, now_ms, encoded(request), encoded(answer), encode_basis(basis))
        shop.decisions.put(decision)
    return reply(PageResponse(answers=[answer for answer, _ in answers]))


async def get_recommendation(call: Call) -> Reply:
    """What was answered."""
    shop = await call.shop()
    recommendation_id = call.path_value("recommendation_id")
    found = shop.decisions.find(recommendation_id)
    if found is None:
        raise UnknownName(
            "no answer with this id is kept", field="recommendation_id", value=recommendation_id,
            remedy="use the recommendation_id of an answer of this shop",
        )  # fmt: skip
    answer = RecordedAnswer(
        recommendation_id=found.recommendation_id,
        at=found.at_ms,
        request=msgspec.Raw(found.request),
        response=msgspec.Raw(found.response),
    )
    return reply(answer)


def _checked(call: Call, request: RecommendRequest) -> tuple[RecommendRequest, list[str]]:
    """The request as this key may ask it, and what was changed about it."""
    check_context(request.context)
    assert call.key is not None
    check_explain(call.key, explain=request.explain)
    if call.key.kind != "browser":
        return request, []
    notes = []
    if request.user_id is not None:
        request, notes = msgspec.structs.replace(request, user_id=None), [USER_IGNORED]
    for name, told in _NOT_OF_BROWSERS.items():
        if request.context and name in request.context:
            others = {other: value for other, value in request.context.items() if other != name}
            request = msgspec.structs.replace(request, context=others)
            notes.append(told)
    if (crawler := call.crawler) is not None:
        request = msgspec.structs.replace(request, context={"user_agent": crawler, **(request.context or {})})
    return request, notes


def counted(answer: AtOnce) -> AtOnce:
    """What answers a request for recommendations, counted with the shop's requests."""

    def answer_counted(call: Call, shop: RunningShop, body: bytes) -> Reply:
        try:
            given = answer(call, shop, body)
        except Exception as error:
            if not isinstance(error, EndcapError) or error.status >= 500:
                call.site.requests.add(shop.name, failed=1)
            raise
        call.site.requests.add(shop.name)
        return given

    return answer_counted


def waiting(answer: AtOnce) -> Handler:
    """The same for a request whose shop has to be opened, or whose body has not come yet."""

    async def handle(call: Call) -> Reply:
        shop = await call.shop()
        return answer(call, shop, await call.body(MAX_REQUEST_BYTES))

    return handle


_recommend, _recommend_page = counted(recommend), counted(recommend_page)


OPERATIONS = (
    Operation(
        method="POST", path="/v1/recommendations", name="recommend", handler=waiting(_recommend), at_once=_recommend,
        keys=BROWSER, lane="recommend",
        summary="Ask what to show in a placement. An unknown user, session or item is a normal request.",
        request=RecommendRequest, response=RecommendResponse, failures=(400, 404, 413, 422, 503),
    ),
    Operation(
        method="POST", path="/v1/recommendations/page", name="recommendPage", handler=waiting(_recommend_page),
        at_once=_recommend_page, keys=BROWSER, lane="recommend",
        summary="Ask for several placements of one page; no item appears twice on it.",
        request=PageRequest, response=PageResponse, failures=(400, 404, 413, 422, 503),
    ),
    Operation(
        method="GET", path="/v1/recommendations/{recommendation_id}", name="getRecommendation", handler=get_recommendation,
        keys=SERVER, summary="Read an answer as it was given, with the request and the reasons.",
        response=RecordedAnswer, failures=(404,),
    ),
)  # fmt: skip
