"""Each kind of event in words."""

from domain.returns.words import RETURN_WORDS
from domain.timeline.kinds import EventKind

WORDS: dict[EventKind, dict[str, str]] = {
    EventKind.RECEIVED: {
        "en": "Received from channel {channel} as {reference}: {lines} line(s), {total}.",
        "fr": "Reçue du canal {channel} sous {reference} : {lines} ligne(s), {total}.",
    },
    EventKind.CREDIT_SECURED: {
        "en": "Credit secured: exposure is now {exposure} of a limit of {limit}.",
        "fr": "Crédit assuré : l'encours est de {exposure} pour une limite de {limit}.",
    },
    EventKind.CREDIT_OVERRIDDEN: {
        "en": "Credit granted by {by}: exposure is now {exposure}, the limit is {limit}.",
        "fr": "Crédit accordé par {by} : l'encours est de {exposure}, la limite de {limit}.",
    },
    EventKind.CREDIT_REFUSED: {
        "en": "Credit refused: {amount} on top of an exposure of {exposure}, the limit is {limit}.",
        "fr": "Crédit refusé : {amount} en plus d'un encours de {exposure}, pour {limit} au plus.",
    },
    EventKind.CREDIT_FREED: {
        "en": "Credit secured, room has come free: exposure is now {exposure} of {limit}.",
        "fr": "Crédit assuré, de la place s'est libérée : l'encours est de {exposure} sur {limit}.",
    },
    EventKind.PAYMENT_AUTHORISED: {
        "en": "Payment of {amount} authorised.",
        "fr": "Paiement de {amount} autorisé.",
    },
    EventKind.PAYMENT_REFUSED: {
        "en": "Payment refused: {reason}.",
        "fr": "Paiement refusé : {reason}.",
    },
    EventKind.PAYMENT_CAPTURED: {
        "en": "{amount} captured for shipment {shipment}.",
        "fr": "{amount} encaissés pour l'expédition {shipment}.",
    },
    EventKind.CAPTURE_REFUSED: {
        "en": "{amount} could not be captured for shipment {shipment}: {reason}.",
        "fr": "{amount} n'ont pas pu être encaissés pour l'expédition {shipment} : {reason}.",
    },
    EventKind.PAYMENT_VOIDED: {
        "en": "What was authorised and not captured is given back.",
        "fr": "Ce qui était autorisé et non encaissé est rendu.",
    },
    EventKind.PAYMENT_RENEWED: {
        "en": "Payment of {amount} authorised anew before it expired.",
        "fr": "Paiement de {amount} autorisé à nouveau avant son expiration.",
    },
    EventKind.PAYMENT_LOWERED: {
        "en": "{amount} that was authorised and is not needed any more is given back.",
        "fr": "{amount} autorisés dont la commande n'a plus besoin sont rendus.",
    },
    EventKind.PAYMENT_REFUNDED: {
        "en": "{amount} of what was captured for shipment {shipment} refunded.",
        "fr": "{amount} encaissés pour l'expédition {shipment} remboursés.",
    },
    EventKind.REFUND_TRIED_AGAIN: {
        "en": "{by} has the refund of {amount} for shipment {shipment} tried again.",
        "fr": "{by} fait retenter le remboursement de {amount} pour l'expédition {shipment}.",
    },
    EventKind.REFUND_SETTLED: {
        "en": "{by} has given {amount} for shipment {shipment} back in another way: {explanation}.",
        "fr": "{by} a rendu autrement {amount} pour l'expédition {shipment} : {explanation}.",
    },
    EventKind.REFUND_REFUSED: {
        "en": "{amount} of shipment {shipment} could not be refunded: {reason}.",
        "fr": "{amount} de l'expédition {shipment} n'ont pas pu être remboursés : {reason}.",
    },
    EventKind.SOURCED: {
        "en": "Shipment {shipment} of {units} unit(s) from {location} by {service}, "
        "promised for {promise}: {why}.",
        "fr": "Expédition {shipment} de {units} unité(s) depuis {location} par {service}, "
        "promise pour le {promise} : {why}.",
    },
    EventKind.NOT_SOURCED: {
        "en": "{units} unit(s) cannot be sourced now: {reason}.",
        "fr": "{units} unité(s) ne peuvent pas être fournies maintenant : {reason}.",
    },
    EventKind.EXPECTED: {
        "en": "{units} unit(s) of {sku} come with supply {supply}, due on {due}: they arrive by "
        "{promise}.",
        "fr": "{units} unité(s) de {sku} viennent avec l'arrivage {supply}, prévu le {due} : "
        "livraison au plus tard le {promise}.",
    },
    EventKind.EARMARKED: {
        "en": "{units} unit(s) of {sku} have come free at {location} and are kept for this order.",
        "fr": "{units} unité(s) de {sku} se sont libérées à {location}, gardées pour cette "
        "commande.",
    },
    EventKind.STOCK_TAKEN: {
        "en": "{location} has less than was reserved: {units} unit(s) of {sku} are sourced again.",
        "fr": "{location} a moins que le réservé : nouveau choix pour {units} unité(s) de {sku}.",
    },
    EventKind.ASKED_FOR_STOCK: {
        "en": "This order is critical: {shipments} shipment(s) of other orders are asked to give "
        "way.",
        "fr": "Cette commande est critique : {shipments} expédition(s) d'autres commandes doivent "
        "céder leur stock.",
    },
    EventKind.GIVES_WAY: {
        "en": "Shipment {shipment} from {location} is asked to give its stock to a critical order.",
        "fr": "L'expédition {shipment} de {location} doit céder son stock à une commande critique.",
    },
    EventKind.LOCATION_CLOSED: {
        "en": "{location} is closed ({explanation}): shipment {shipment} is to be sent from "
        "elsewhere, unless it is picked already.",
        "fr": "{location} est fermé ({explanation}) : l'expédition {shipment} doit partir "
        "d'ailleurs, à moins qu'elle ne soit déjà préparée.",
    },
    EventKind.STORE_CLOSED: {
        "en": "{store} is closed ({explanation}): the customer cannot fetch shipment {shipment} "
        "there until it opens again.",
        "fr": "{store} est fermé ({explanation}) : le client ne peut pas y retirer l'expédition "
        "{shipment} avant sa réouverture.",
    },
    EventKind.ABANDONED: {
        "en": "Shipment {shipment} from {location} is given up: {reason}.",
        "fr": "L'expédition {shipment} depuis {location} est abandonnée : {reason}.",
    },
    EventKind.BOOKED: {
        "en": "{carrier} {service} booked for shipment {shipment}, tracking {tracking_number}.",
        "fr": "{carrier} {service} réservé pour l'expédition {shipment}, suivi {tracking_number}.",
    },
    EventKind.BOOKING_REFUSED: {
        "en": "{carrier} refused to take shipment {shipment} by {service}: {reason}.",
        "fr": "{carrier} a refusé l'expédition {shipment} par {service} : {reason}.",
    },
    EventKind.BOOKING_VOIDED: {
        "en": "The booking at {carrier} for shipment {shipment} is void.",
        "fr": "La réservation chez {carrier} pour l'expédition {shipment} est annulée.",
    },
    EventKind.RELEASED: {
        "en": "Shipment {shipment} released to {location}, to be picked by {pick_by}.",
        "fr": "Expédition {shipment} confiée à {location}, à préparer avant le {pick_by}.",
    },
    EventKind.RELEASE_REFUSED: {
        "en": "{location} refused shipment {shipment}: {reason}.",
        "fr": "{location} a refusé l'expédition {shipment} : {reason}.",
    },
    EventKind.RECALLED: {
        "en": "Shipment {shipment} recalled from {location}.",
        "fr": "Expédition {shipment} rappelée de {location}.",
    },
    EventKind.RECALL_REFUSED: {
        "en": "{location} cannot stop shipment {shipment}: {reason}.",
        "fr": "{location} ne peut pas arrêter l'expédition {shipment} : {reason}.",
    },
    EventKind.PICKED: {
        "en": "{location} picked shipment {shipment}: {units} unit(s).",
        "fr": "{location} a préparé l'expédition {shipment} : {units} unité(s).",
    },
    EventKind.SHORT_PICKED: {
        "en": "{location} picked {units} unit(s) of shipment {shipment} and misses {missing} "
        "of {skus}.",
        "fr": "{location} a préparé {units} unité(s) de l'expédition {shipment} ; il manque "
        "{missing} de {skus}.",
    },
    EventKind.DISPATCHED: {
        "en": "Shipment {shipment} left {location}; invoice {invoice} of {amount}.",
        "fr": "L'expédition {shipment} a quitté {location} ; facture {invoice} de {amount}.",
    },
    EventKind.DELIVERED: {
        "en": "Shipment {shipment} delivered on {occurred_at}.",
        "fr": "Expédition {shipment} livrée le {occurred_at}.",
    },
    EventKind.PICK_MISSED: {
        "en": "{location} has not picked shipment {shipment} by {due}: {then}.",
        "fr": "{location} n'a pas préparé l'expédition {shipment} avant le {due} : {then}.",
    },
    EventKind.DISPATCH_MISSED: {
        "en": "Shipment {shipment} has not left {location} by {due}: {then}.",
        "fr": "L'expédition {shipment} n'a pas quitté {location} avant le {due} : {then}.",
    },
    EventKind.UPGRADED: {
        "en": "{service} booked for shipment {shipment} in place of {before}, for {amount} more, "
        "tracking {tracking_number}.",
        "fr": "{service} réservé pour l'expédition {shipment} à la place de {before}, pour "
        "{amount} de plus, suivi {tracking_number}.",
    },
    EventKind.RELABELLED: {
        "en": "{location} sends shipment {shipment} with its new label.",
        "fr": "{location} envoie l'expédition {shipment} avec sa nouvelle étiquette.",
    },
    EventKind.RELABEL_REFUSED: {
        "en": "{location} cannot change the label of shipment {shipment}: {reason}.",
        "fr": "{location} ne peut pas changer l'étiquette de l'expédition {shipment} : {reason}.",
    },
    EventKind.DISPATCH_OVERDUE: {
        "en": "Shipment {shipment} should have left {location} by now, and nothing says so.",
        "fr": "L'expédition {shipment} devrait avoir quitté {location}, et rien ne le dit.",
    },
    EventKind.DELIVERY_OVERDUE: {
        "en": "Shipment {shipment} is overdue: promised for {promise} and not delivered.",
        "fr": "L'expédition {shipment} est en retard : promise pour le {promise}, non livrée.",
    },
    EventKind.READY_TO_COLLECT: {
        "en": "Shipment {shipment} is ready for the customer at {store} and kept until {until}.",
        "fr": "L'expédition {shipment} est prête pour le client à {store} et gardée jusqu'au "
        "{until}.",
    },
    EventKind.COLLECT_REMINDED: {
        "en": "The customer is reminded that shipment {shipment} is kept at {store} until {until}.",
        "fr": "Le client est averti que l'expédition {shipment} est gardée à {store} jusqu'au "
        "{until}.",
    },
    EventKind.COLLECTED: {
        "en": "The customer fetched shipment {shipment} at {store}; invoice {invoice} of {amount}.",
        "fr": "Le client a retiré l'expédition {shipment} à {store} ; facture {invoice} de "
        "{amount}.",
    },
    EventKind.COLLECTION_EXPIRED: {
        "en": "Shipment {shipment} at {store} is not kept any longer, its {units} unit(s) are on "
        "sale again there and cancelled here: {reason}.",
        "fr": "L'expédition {shipment} à {store} n'est plus gardée, ses {units} unité(s) y sont "
        "remises en vente et annulées ici : {reason}.",
    },
    EventKind.COLLECT_ELSEWHERE: {
        "en": "What is not ready at {before} is to be fetched at {store}, agreed by {by}: "
        "{explanation}.",
        "fr": "Ce qui n'est pas prêt à {before} est à retirer à {store}, avec l'accord de {by} : "
        "{explanation}.",
    },
    EventKind.SENT_TO_STORE: {
        "en": "Shipment {shipment} left {location} for {store}; it is invoiced when the customer "
        "fetches it.",
        "fr": "L'expédition {shipment} a quitté {location} pour {store} ; elle est facturée quand "
        "le client la retire.",
    },
    EventKind.HELD: {
        "en": "On hold: {explanation}. Waits for a person until {until}, then "
        "what has not left is cancelled.",
        "fr": "En attente : {explanation}. Une personne doit décider avant le {until}, sinon "
        "ce qui n'est pas parti est annulé.",
    },
    EventKind.HELD_BY: {
        "en": "Put on hold by {by}: {explanation}. Nothing moves until somebody releases it; on "
        "{until} what has not left is cancelled.",
        "fr": "Mise en attente par {by} : {explanation}. Rien ne bouge avant qu'une personne ne "
        "lève l'attente ; le {until}, ce qui n'est pas parti est annulé.",
    },
    EventKind.AMENDED: {
        "en": "Amended to version {version}, which comes to {total}: {changes}.",
        "fr": "Modifiée en version {version}, d'un montant de {total} : {changes}.",
    },
    EventKind.AMENDMENT_REFUSED: {
        "en": "An amendment cannot be met, the order stays as it was: {reason}.",
        "fr": "Une modification est impossible, la commande reste telle quelle : {reason}.",
    },
    EventKind.LINES_CANCELLED: {
        "en": "{by} cancels a part, {changes}, and the order comes to {total}: {explanation}.",
        "fr": "{by} annule une partie, {changes}, et la commande revient à {total} : "
        "{explanation}.",
    },
    EventKind.CANCEL_ASKED: {
        "en": "{by} cancels this order: {explanation}.",
        "fr": "{by} annule cette commande : {explanation}.",
    },
    EventKind.CANCELLED_IN_PART: {
        "en": "{units} unit(s) are cancelled; {going_on} unit(s) cannot be stopped any more and go "
        "on to the customer.",
        "fr": "{units} unité(s) sont annulées ; {going_on} unité(s) ne peuvent plus être arrêtées "
        "et arriveront chez le client.",
    },
    EventKind.CANCELLED_TOO_LATE: {
        "en": "Nothing could be cancelled: {going_on} unit(s) cannot be stopped any more and go on "
        "to the customer.",
        "fr": "Rien n'a pu être annulé : {going_on} unité(s) ne peuvent plus être arrêtées et "
        "arriveront chez le client.",
    },
    EventKind.HOLD_RELEASED: {
        "en": "Hold released by {by}: {explanation}.",
        "fr": "Attente levée par {by} : {explanation}.",
    },
    EventKind.HOLD_REJECTED: {
        "en": "Rejected by {by}: {explanation}.",
        "fr": "Refusée par {by} : {explanation}.",
    },
    EventKind.REPAIRED: {
        "en": "Put right by the reconciler: {finding}.",
        "fr": "Rectifié par le rapprochement : {finding}.",
    },
    EventKind.CLOSED: {"en": "Closed: all is delivered.", "fr": "Close : tout est livré."},
    EventKind.CANCELLED: {"en": "Cancelled: {explanation}.", "fr": "Annulée : {explanation}."},
    EventKind.REMAINDER_CANCELLED: {
        "en": "Closed, what was not sent is cancelled: {explanation}.",
        "fr": "Close, ce qui n'est pas parti est annulé : {explanation}.",
    },
    EventKind.PERSONAL_DATA_ERASED: {
        "en": "Personal data erased by {by}: {explanation}.",
        "fr": "Données personnelles effacées par {by} : {explanation}.",
    },
}

WORDS |= {EventKind(kind): words for kind, words in RETURN_WORDS.items()}
